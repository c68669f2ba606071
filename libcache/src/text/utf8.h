// Encoding and checking UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace libcache::internal {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
inline constexpr std::size_t kMaxUtf8 = 4;  // bytes of one code point

// Writes a code point to `out`, which has room for kMaxUtf8 bytes; returns its end.
char* encode_utf8(char32_t code_point, char* out);

// The length of the valid UTF-8 at the beginning of `text`: its size, or the offset of the first invalid byte.
std::size_t valid_utf8_prefix(std::string_view text);

// The text with U+FFFD in place of each invalid byte.
std::string replace_invalid_utf8(std::string_view text);

}  // namespace libcache::internal
