// Code points as UTF-8, and where a text stops being it.
#pragma once

#include <cstddef>
#include <string_view>

namespace libcache::internal {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
inline constexpr std::size_t kMaxUtf8 = 4;  // bytes of one code point

// Writes a code point's UTF-8 at `out`, which has room for kMaxUtf8 bytes; returns where it ends.
char* encode_utf8(char32_t code_point, char* out);

// The length of the valid UTF-8 that `text` begins with: all of it, or the offset of the first byte that is wrong.
std::size_t valid_utf8_prefix(std::string_view text);

}  // namespace libcache::internal
