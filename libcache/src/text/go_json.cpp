#include "text/go_json.h"

#include <algorithm>
#include <array>

#include "text/escape.h"
#include "text/number.h"
#include "text/tree_writer.h"
#include "text/utf8.h"

namespace libcache {

namespace {

// U+2028 and U+2029, which a script may not hold in a string.
constexpr std::string_view kLineSeparator = "\xE2\x80\xA8";
constexpr std::string_view kParagraphSeparator = "\xE2\x80\xA9";

// Which bytes do not simply stand for themselves.
constexpr auto kSpecial = [] {
  std::array<bool, 256> special{};
  for (int control = 0; control < 0x20; ++control) special[control] = true;
  for (const unsigned char character : {'"', '\\', '<', '>', '&'}) special[character] = true;
  special[0xE2] = true;
  return special;
}();

std::size_t find_special(std::string_view text) {
  const auto is_special = [](char byte) { return kSpecial[static_cast<unsigned char>(byte)]; };
  return static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_special) - text.begin());
}

void append_unicode_escape(std::string& out, char32_t code_point) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (const int shift : {12, 8, 4, 0}) out += kDigits[(code_point >> shift) & 0xF];
}

// The letter of a code point's short escape, or 0.
char short_escape(char32_t code_point, GoStrings mode) {
  switch (code_point) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\b':
      return mode == GoStrings::standard ? 'b' : '\0';
    case '\f':
      return mode == GoStrings::standard ? 'f' : '\0';
    default:
      return '\0';
  }
}

void append_code_point(std::string& out, char32_t code_point, GoStrings mode) {
  if (const char letter = short_escape(code_point, mode)) {
    out += '\\';
    out += letter;
  } else if (code_point < 0x20 || code_point == '<' || code_point == '>' || code_point == '&' || code_point == 0x2028 ||
             code_point == 0x2029) {
    append_unicode_escape(out, code_point);
  } else {
    char bytes[kMaxUtf8];
    out.append(bytes, encode_utf8(code_point, bytes));
  }
}

// Writes the inside of a string from a token, in which a backslash begins an escape, or from a value, in which it does
// not.
void append_inside(std::string& out, std::string_view text, GoStrings mode, bool is_token) {
  while (!text.empty()) {
    const std::size_t plain = find_special(text);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    std::size_t length = 1;
    if (text.starts_with(kLineSeparator) || text.starts_with(kParagraphSeparator)) {
      append_unicode_escape(out, text.starts_with(kLineSeparator) ? 0x2028 : 0x2029);
      length = kLineSeparator.size();
    } else if (text.front() == kLineSeparator.front()) {
      out += text.front();
    } else if (is_token && text.front() == '\\') {
      const Escape escape = read_escape(text);
      append_code_point(out, escape.code_point, mode);
      length = escape.length;
    } else {
      append_code_point(out, static_cast<unsigned char>(text.front()), mode);
    }
    text.remove_prefix(length);
  }
}

class GoStyle {
 public:
  void scalar(std::string& out, const JsonNode& value) {
    if (value.kind == JsonKind::string) {
      append_go_string(out, value);
    } else if (value.kind == JsonKind::integer || value.kind == JsonKind::decimal) {
      append_go_float(out, value.token);
    } else {
      out += value.token;
    }
  }
  void name(std::string& out, const JsonNode& member) { append_go_string(out, member.name); }
  bool leaves_out(const JsonNode& member, const JsonNode* following) const {
    return following != nullptr && following->name == member.name;
  }
  void before(std::string& /*out*/, std::size_t /*depth*/, const JsonNode* /*member*/) {}
};

}  // namespace

void append_go_string(std::string& out, const JsonNode& string, GoStrings mode) {
  out += '"';
  append_inside(out, string.token, mode, true);
  out += '"';
}

void append_go_string(std::string& out, std::string_view value, GoStrings mode) {
  out += '"';
  append_inside(out, value, mode, false);
  out += '"';
}

void append_go_float(std::string& out, std::string_view number) {
  const double value = to_double(number);
  if (value == 0 && number.starts_with('-')) {
    out += "-0";
  } else if (is_shortest(number)) {
    out += number;
  } else {
    append_shortest(out, value);
  }
}

void append_go_any(std::string& out, const JsonDocument& document, const JsonNode& value) {
  TreeWriter(out, document, GoStyle()).write(value);
}

}  // namespace libcache
