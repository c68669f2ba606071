#include "text/json/go.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "text/json/escape.h"
#include "text/json/number.h"
#include "text/json/tree_writer.h"
#include "text/utf8.h"

namespace libcache::internal {

namespace {

// U+2028 and U+2029, which JavaScript did not allow in strings.
constexpr std::string_view kLineSeparator = "\xE2\x80\xA8";
constexpr std::string_view kParagraphSeparator = "\xE2\x80\xA9";

// Sixteen bytes that are compared at once, with the vector types of GCC and Clang.
using Block [[gnu::vector_size(16)]] = std::uint8_t;

// Whether a byte, or which bytes of a block, may need an escape or begin one.
template <class Bytes>
auto is_special(Bytes bytes) {
  return (bytes < 0x20) | (bytes == '"') | (bytes == '\\') | (bytes == '<') | (bytes == '>') | (bytes == '&') |
         (bytes == 0xE2);
}

// The offset of the first special byte in a block; the block's size if there is none.
std::size_t first_special(const char* bytes) {
  Block block;
  std::memcpy(&block, bytes, sizeof block);
  const auto special = is_special(block);
  std::uint64_t halves[2];
  std::memcpy(halves, &special, sizeof halves);
  const auto first_byte = [](std::uint64_t half) {
    const int bits = std::endian::native == std::endian::little ? std::countr_zero(half) : std::countl_zero(half);
    return static_cast<std::size_t>(bits) / 8;
  };
  return halves[0] != 0 ? first_byte(halves[0]) : sizeof halves[0] + first_byte(halves[1]);
}

// The next special byte, or the end.
std::size_t find_special(std::string_view text, std::size_t at) {
  for (; at + sizeof(Block) <= text.size(); at += sizeof(Block)) {
    const std::size_t first = first_special(text.data() + at);
    if (first < sizeof(Block)) return at + first;
  }
  while (at < text.size() && !is_special(static_cast<std::uint8_t>(text[at]))) ++at;
  return at;
}

// The short or fixed escape of a code point; empty if it needs none or is a control character without one.
std::string_view escape_of(char32_t code_point, GoStrings mode) {
  const bool standard = mode == GoStrings::standard;
  switch (code_point) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\b':
      return standard ? "\\b" : "\\u0008";
    case '\f':
      return standard ? "\\f" : "\\u000c";
    case '<':
      return "\\u003c";
    case '>':
      return "\\u003e";
    case '&':
      return "\\u0026";
    case U'\u2028':
      return "\\u2028";
    case U'\u2029':
      return "\\u2029";
    default:
      return {};
  }
}

void append_code_point(std::string& out, char32_t code_point, GoStrings mode) {
  const std::string_view escape = escape_of(code_point, mode);
  if (!escape.empty()) {
    out += escape;
  } else if (code_point < 0x20) {
    out += "\\u00";
    out += static_cast<char>('0' + (code_point >> 4));
    out += "0123456789abcdef"[code_point & 0xF];
  } else {
    char bytes[kMaxUtf8];
    out.append(bytes, encode_utf8(code_point, bytes));
  }
}

// Whether Go writes an escape that begins with this letter in the same way.
bool is_kept(char letter) {
  return letter == 'n' || letter == '"' || letter == '\\' || letter == 't' || letter == 'r';
}

// Writes the content of a string from a token, in which a backslash begins an escape, or from a value, in which it does
// not.
void append_inside(std::string& out, std::string_view text, GoStrings mode, bool is_token) {
  std::size_t written = 0;
  for (std::size_t at = find_special(text, 0); at < text.size(); at = find_special(text, at)) {
    const std::string_view rest = text.substr(at);
    const bool is_escape = is_token && rest.front() == '\\';
    const bool is_separator = rest.starts_with(kLineSeparator) || rest.starts_with(kParagraphSeparator);
    if (is_escape && is_kept(rest[1])) {
      at += 2;
    } else if (rest.front() == kLineSeparator.front() && !is_separator) {
      ++at;
    } else {
      out += text.substr(written, at - written);
      Escape piece{static_cast<unsigned char>(rest.front()), 1};
      if (is_escape) piece = read_escape(rest);
      if (is_separator) piece = {rest.starts_with(kLineSeparator) ? U'\u2028' : U'\u2029', kLineSeparator.size()};
      append_code_point(out, piece.code_point, mode);
      at += piece.length;
      written = at;
    }
  }
  out += text.substr(written);
}

class GoStyle {
 public:
  explicit GoStyle(MinusZero minus_zero) : minus_zero_(minus_zero) {}
  void scalar(std::string& out, const JsonNode& value) {
    if (value.kind == JsonKind::string) {
      append_go_string(out, value);
    } else if (value.kind == JsonKind::integer || value.kind == JsonKind::decimal) {
      append_go_float(out, value.token, minus_zero_);
    } else {
      out += value.token;
    }
  }
  void name(std::string& out, const JsonNode& member) { append_go_string(out, member.name); }
  bool leaves_out(const JsonNode& member, const JsonNode* following) const {
    return following != nullptr && following->name == member.name;
  }
  void before(std::string& /*out*/, std::size_t /*depth*/, const JsonNode* /*member*/) {}

 private:
  MinusZero minus_zero_;
};

}  // namespace

std::string strict_spelling(std::string_view text) {
  std::string out;
  bool in_string = false;
  bool escaped = false;
  for (const char character : replace_invalid_utf8(text)) {
    if (in_string && !escaped && static_cast<unsigned char>(character) < 0x20) {
      append_code_point(out, static_cast<unsigned char>(character), GoStrings::self_marshaled);
      continue;
    }
    out += character;
    if (character == '"' && !escaped) in_string = !in_string;
    escaped = in_string && character == '\\' && !escaped;
  }
  return out;
}

void append_go_string(std::string& out, const JsonNode& string, GoStrings mode) {
  if (string.minimal) {
    out += '"';
    append_inside(out, string.token, mode, true);
    out += '"';
  } else {
    std::string scratch;
    append_go_string(out, JsonDocument::unescape(string, scratch), mode);
  }
}

void append_go_string(std::string& out, std::string_view value, GoStrings mode) {
  out += '"';
  append_inside(out, value, mode, false);
  out += '"';
}

void append_go_float(std::string& out, std::string_view number, MinusZero minus_zero) {
  const double value = to_double(number);
  if (number == "-0" && minus_zero == MinusZero::zero) {
    out += '0';
  } else if (value == 0 && number.starts_with('-')) {
    out += "-0";
  } else if (is_shortest(number)) {
    out += number;
  } else {
    append_shortest(out, value);
  }
}

void append_go_any(std::string& out, const JsonDocument& document, const JsonNode& value, MinusZero minus_zero) {
  TreeWriter(out, document, GoStyle(minus_zero)).write(value);
}

void append_go_map(std::string& out, const JsonDocument& document, std::span<const JsonNode* const> objects,
                   MinusZero minus_zero) {
  if (objects.size() == 1) return append_go_any(out, document, *objects.front(), minus_zero);
  std::vector<const JsonNode*> members;
  for (const JsonNode* object : objects) {
    for (const std::uint32_t index : document.sorted_members(*object)) members.push_back(&document.node(index));
  }
  // By name; equal names in document order, which is the order of the nodes in memory.
  std::ranges::sort(members, {}, [](const JsonNode* member) { return std::pair(member->name, member); });
  out += '{';
  for (std::size_t index = 0; index < members.size(); ++index) {
    const JsonNode& member = *members[index];
    if (index + 1 < members.size() && members[index + 1]->name == member.name) continue;
    append_comma(out);
    append_go_string(out, member.name);
    out += ':';
    append_go_any(out, document, member, minus_zero);
  }
  out += '}';
}

}  // namespace libcache::internal
