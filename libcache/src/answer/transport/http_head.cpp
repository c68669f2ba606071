#include "answer/transport/http_head.h"

#include <algorithm>

#include "text/ascii.h"
#include "text/integer.h"
#include "text/trim.h"

namespace libcache::internal {

namespace {

constexpr std::size_t kLongestHead = 256 << 10;

enum class Match { no, yes, cut };

// A status line is HTTP/, a version, a space, three digits, and nothing or a space and a phrase.
Match match_status_line(std::string_view line, bool may_go_on) {
  constexpr std::string_view kShapes[] = {"HTTP/d ddd", "HTTP/d.d ddd"};
  const auto fits = [](char character, char shape) { return shape == 'd' ? is_digit(character) : character == shape; };
  for (const std::string_view shape : kShapes) {
    const std::size_t size = std::min(shape.size(), line.size());
    if (!std::equal(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(size), shape.begin(), fits)) continue;
    if (line.size() < shape.size()) {
      if (may_go_on) return Match::cut;
    } else if (line.size() == shape.size() || line[shape.size()] == ' ') {
      return Match::yes;
    }
  }
  return Match::no;
}

int read_status(std::string_view status_line) {
  return parse_integer<int>(status_line.substr(status_line.find(' ') + 1, 3)).value_or(0);
}

bool is_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  return colon != std::string_view::npos && colon > 0 && line.find_first_of(" \t") >= colon;
}

// Whether a line continues the one before it (obs-fold, RFC 9112, section 5.2).
bool is_folded(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

void read_field(std::string_view line, HttpHead& head) {
  const std::size_t colon = line.find(':');
  const std::string name = to_lower(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name == "content-type") {
    constexpr std::size_t kLongestType = 128;
    head.content_type = value.size() <= kLongestType ? value : std::string_view();
  } else if (name == "content-length") {
    head.content_length = parse_integer<std::uint64_t>(value);
  } else if (name == "content-encoding") {
    head.is_encoded = value != "identity";
  }
}

// Reads one block at the front of `text`. Size 0: there is none. Cut: it does not end. `may_be_cut`: any beginning of a status
// line is the beginning of a block; otherwise it is a text until the first digit of the status.
HttpHead read_block(std::string_view text, bool may_be_cut) {
  HttpHead head;
  std::size_t at = 0;
  bool has_field = false;
  for (bool is_first = true;; is_first = false) {
    const std::size_t end = text.find('\n', at);
    const bool is_cut = end == std::string_view::npos;
    std::string_view line = text.substr(at, is_cut ? end : end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (is_first) {
      const Match match = match_status_line(line, is_cut);
      const bool has_digit = line.find(' ') < line.size() - 1;
      if (match == Match::no || (match == Match::cut && !may_be_cut && !has_digit)) return {};
      if (match == Match::yes) head.status = read_status(line);
    } else if (!is_cut && !line.empty() && !(has_field && is_folded(line))) {
      if (!is_field(line)) return {};
      read_field(line, head);
      has_field = true;
    }
    head.is_cut = is_cut;
    if (is_cut || (line.empty() && !is_first)) {
      head.size = is_cut ? text.size() : end + 1;
      return head;
    }
    at = end + 1;
  }
}

}  // namespace

std::optional<HttpHead> read_http_head(std::string_view text, bool last) {
  HttpHead head;
  for (;;) {
    const std::string_view rest = text.substr(head.size);
    // A whole answer may be the letter H; after a block it may be the beginning of another one.
    HttpHead block = read_block(rest, !last || head.size > 0);
    if (rest.empty() && !last) return std::nullopt;
    if (block.size == 0 || (block.is_cut && text.size() > kLongestHead)) return head;
    if (block.is_cut && !last) return std::nullopt;
    block.size += head.size;
    head = std::move(block);
    if (head.is_cut) return head;
  }
}

}  // namespace libcache::internal
