// The escapes of JSON strings (RFC 8259, section 7).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace libcache::internal {

// Whether a character of a value must be escaped in a string.
inline bool needs_escape(char character) {
  return character == '"' || character == '\\' || static_cast<unsigned char>(character) < 0x20;
}

// One escape in a string.
struct Escape {
  char32_t code_point = 0;
  std::size_t length = 0;  // in the text; 0: not a valid escape
  bool lone_surrogate = false;
  bool minimal = false;  // whether RFC 8785 writes the code point in the same way
};

// The offset of the first backslash in `text`, or its size. Escapes tend to be close together, so the first bytes are
// examined before the rest is searched.
inline std::size_t find_escape(std::string_view text) {
  constexpr std::size_t kNearby = 16;
  const std::size_t nearby = std::min(text.size(), kNearby);
  for (std::size_t at = 0; at < nearby; ++at) {
    if (text[at] == '\\') return at;
  }
  return std::min(text.find('\\', nearby), text.size());
}

// The character that each letter after a backslash encodes, and 0 for other letters. A table, because it is fast and
// strings of code and prose have an escape in every line.
inline constexpr auto kShortEscapes = [] {
  std::array<char, 256> meanings{};
  for (const char itself : {'"', '\\', '/'}) meanings[static_cast<unsigned char>(itself)] = itself;
  meanings['b'] = '\b';
  meanings['f'] = '\f';
  meanings['n'] = '\n';
  meanings['r'] = '\r';
  meanings['t'] = '\t';
  return meanings;
}();

// The \uXXXX at the beginning of `text`.
Escape unicode_escape(std::string_view text);

// The escape at the beginning of `text`, which is a backslash. A surrogate pair is one escape of 12 characters; a lone
// surrogate is one of 6, marked as such, and is read as U+FFFD.
inline Escape read_escape(std::string_view text) {
  if (text.size() < 2) return {};
  if (text[1] == 'u') return unicode_escape(text);
  const char meaning = kShortEscapes[static_cast<unsigned char>(text[1])];
  if (meaning == 0) return {};
  return {static_cast<unsigned char>(meaning), 2, false, meaning != '/'};
}

// Writes the value of a string token, whose escapes must all be valid, to `out`. This may be the memory of the token,
// since a value is never longer than its token. Returns the end of the value.
char* unescape(std::string_view token, char* out);

}  // namespace libcache::internal
