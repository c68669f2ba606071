#include "text/framing.h"

#include <algorithm>

#include "text/utf8.h"

namespace libcache::internal {

namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kFirstFields[] = {"data:", "event:", "id:", "retry:", ":"};

bool ends_line(char character) {
  return character == '\n' || character == '\r';
}

std::string_view without_mark(std::string_view text) {
  return text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
}

// Takes the first line off a text that is not empty; its end is LF, CR or both.
std::string_view take_line(std::string_view& text) {
  const auto size = static_cast<std::size_t>(std::find_if(text.begin(), text.end(), ends_line) - text.begin());
  const std::string_view line = text.substr(0, size);
  text.remove_prefix(size);
  text.remove_prefix(text.starts_with("\r\n") ? 2 : std::min<std::size_t>(text.size(), 1));
  return line;
}

// The value of the field in this line, if it is the one called `name`.
std::optional<std::string_view> field(std::string_view line, std::string_view name) {
  if (!line.starts_with(name)) return std::nullopt;
  line.remove_prefix(name.size());
  if (line.empty()) return line;
  if (line.front() != ':') return std::nullopt;
  line.remove_prefix(line.starts_with(": ") ? 2 : 1);
  return line;
}

StreamEvent parse_sse(std::string_view chunk, std::string& scratch) {
  StreamEvent event;
  std::size_t lines = 0;
  std::string_view rest = without_mark(chunk);
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (const auto name = field(line, "event")) event.name = *name;
    const auto data = field(line, "data");
    if (!data) continue;
    // One line, as there nearly always is, stays where it stands.
    if (++lines == 2) scratch = *event.data;
    if (lines > 1) scratch.append("\n").append(*data);
    event.data = lines > 1 ? std::string_view(scratch) : *data;
  }
  return event;
}

StreamEvent parse_line(std::string_view chunk) {
  const std::string_view line = trimmed(chunk);
  return {{}, line.empty() ? std::nullopt : std::optional(line)};
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  text = without_mark(text);
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

std::optional<Framing> find_framing(std::string_view text) {
  if (kByteOrderMark.starts_with(text)) return std::nullopt;
  text = without_mark(text);
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return std::nullopt;
  if (text[begin] == '{') return Framing::ndjson;
  if (begin > 0 && !ends_line(text[begin - 1])) return Framing::raw;  // fields are not indented
  text.remove_prefix(begin);
  bool may_be_sse = false;
  for (const std::string_view field : kFirstFields) {
    if (text.starts_with(field)) return Framing::sse;
    may_be_sse = may_be_sse || field.starts_with(text);
  }
  return may_be_sse ? std::nullopt : std::optional(Framing::raw);
}

// The offset behind the line at line_, its CR, LF or both included; nothing if it may go on. seen_ is where it ends.
std::optional<std::size_t> Framer::find_line_end(std::string_view text) {
  const auto rest = text.begin() + static_cast<std::ptrdiff_t>(seen_);
  const auto stop =
      framing_ == Framing::sse ? std::find_if(rest, text.end(), ends_line) : std::find(rest, text.end(), '\n');
  seen_ = static_cast<std::size_t>(stop - text.begin());
  if (seen_ == text.size()) return std::nullopt;
  if (text[seen_] == '\n') return seen_ + 1;
  if (seen_ + 1 == text.size()) return closed_ ? std::optional(seen_ + 1) : std::nullopt;
  return seen_ + (text[seen_ + 1] == '\n' ? 2 : 1);
}

bool Framer::ends_chunk(std::string_view line) {
  if (framing_ == Framing::ndjson) return !trimmed(line).empty();
  const bool ends = line.empty() && !blank_;
  blank_ = line.empty();
  return ends;
}

std::optional<std::size_t> Framer::next(std::string_view text) {
  if (framing_ == Framing::raw) return std::nullopt;
  if (line_ == 0 && text.starts_with(kByteOrderMark)) line_ = seen_ = kByteOrderMark.size();
  while (const auto behind = find_line_end(text)) {
    const std::string_view line = text.substr(line_, seen_ - line_);
    line_ = seen_ = *behind;
    if (!ends_chunk(line)) continue;
    end_ = *behind;
    return end_;
  }
  return std::nullopt;
}

StreamEvent parse_event(Framing framing, std::string_view chunk, std::string& scratch) {
  return framing == Framing::sse ? parse_sse(chunk, scratch) : parse_line(chunk);
}

}  // namespace libcache::internal

namespace libcache {

using namespace internal;

std::optional<std::string> data_of(std::string_view chunk) {
  std::string scratch;
  const Framing framing = trimmed(chunk).starts_with('{') ? Framing::ndjson : Framing::sse;
  const StreamEvent event = parse_event(framing, chunk, scratch);
  if (!event.data) return std::nullopt;
  std::string line(*event.data);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace libcache
