#include "text/escape.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

#include "text/utf8.h"

namespace libcache {

namespace {

constexpr std::size_t kUnicodeEscape = 6;  // characters of a \uXXXX

// The code point that a letter after a backslash stands for, or 0.
char32_t short_escape(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return static_cast<unsigned char>(letter);
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

// The UTF-16 code unit of a \uXXXX at the front of `text`.
std::optional<char32_t> code_unit(std::string_view text) {
  if (text.size() < kUnicodeEscape || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  std::uint16_t unit = 0;
  const char* const end = text.data() + kUnicodeEscape;
  const auto [stop, error] = std::from_chars(text.data() + 2, end, unit, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return unit;
}

bool is_high_surrogate(char32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low_surrogate(char32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

// Whether RFC 8785 writes \uXXXX for a code point, with `last` as its last digit: only for a control character that has
// no shorter form, and in lower case.
bool is_minimal(char32_t code_point, char last) {
  const bool has_short_form = code_point >= '\b' && code_point <= '\r' && code_point != '\v';
  return code_point < 0x20 && !has_short_form && !(last >= 'A' && last <= 'F');
}

Escape unicode_escape(std::string_view text) {
  const auto unit = code_unit(text);
  if (!unit) return {};
  Escape escape{*unit, kUnicodeEscape, false, is_minimal(*unit, text[kUnicodeEscape - 1])};
  if (is_high_surrogate(*unit)) {
    const auto low = code_unit(text.substr(kUnicodeEscape));
    if (low && is_low_surrogate(*low)) {
      escape.code_point = 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
      escape.length = 2 * kUnicodeEscape;
      return escape;
    }
  }
  escape.lone_surrogate = is_high_surrogate(*unit) || is_low_surrogate(*unit);
  return escape;
}

}  // namespace

Escape read_escape(std::string_view text) {
  if (text.size() < 2) return {};
  if (text[1] == 'u') return unicode_escape(text);
  const char32_t code_point = short_escape(text[1]);
  if (code_point == 0) return {};
  return {code_point, 2, false, code_point != '/'};
}

char* unescape(std::string_view token, char* out) {
  while (!token.empty()) {
    const std::size_t plain = std::min(token.find('\\'), token.size());
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

}  // namespace libcache
