#include "text/json/escape.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "text/utf8.h"

namespace libcache::internal {

namespace {

constexpr std::size_t kUnicodeEscape = 6;  // characters of a \uXXXX

// The values of hex digits, and -1 for all other characters.
constexpr auto kHexValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (int digit = 0; digit < 10; ++digit) values['0' + digit] = static_cast<std::int8_t>(digit);
  for (int digit = 10; digit < 16; ++digit) {
    values['a' + digit - 10] = values['A' + digit - 10] = static_cast<std::int8_t>(digit);
  }
  return values;
}();

// The UTF-16 code unit of the \uXXXX at the beginning of `text`, or -1.
std::int32_t code_unit(std::string_view text) {
  if (text.size() < kUnicodeEscape || text[0] != '\\' || text[1] != 'u') return -1;
  const auto value = [text](std::size_t at) -> std::int32_t { return kHexValues[static_cast<std::uint8_t>(text[at])]; };
  // A negative digit makes the result negative.
  return value(2) * 0x1000 | value(3) * 0x100 | value(4) * 0x10 | value(5);
}

// Whether RFC 8785 writes a code point as \uXXXX with `last` as its last digit: only a control character that has no
// shorter form, with lower-case digits.
bool is_minimal(std::int32_t code_point, char last) {
  const bool has_short_form = code_point >= '\b' && code_point <= '\r' && code_point != '\v';
  return code_point < 0x20 && !has_short_form && !(last >= 'A' && last <= 'F');
}

}  // namespace

Escape unicode_escape(std::string_view text) {
  const std::int32_t unit = code_unit(text);
  if (unit < 0) return {};
  Escape escape{static_cast<char32_t>(unit), kUnicodeEscape, false, is_minimal(unit, text[kUnicodeEscape - 1])};
  if (unit < 0xD800 || unit > 0xDFFF) return escape;
  const std::int32_t low = code_unit(text.substr(kUnicodeEscape));
  if (unit <= 0xDBFF && low >= 0xDC00 && low <= 0xDFFF) {
    escape.code_point = static_cast<char32_t>(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
    escape.length = 2 * kUnicodeEscape;
  } else {
    escape.code_point = 0xFFFD;
    escape.lone_surrogate = true;
  }
  return escape;
}

char* unescape(std::string_view token, char* out) {
  while (!token.empty()) {
    const std::size_t plain = find_escape(token);
    std::memmove(out, token.data(), plain);
    out += plain;
    token.remove_prefix(plain);
    if (token.empty()) break;
    const Escape escape = read_escape(token);
    token.remove_prefix(escape.length);
    out = encode_utf8(escape.code_point, out);
  }
  return out;
}

}  // namespace libcache::internal
