// Answers that are stored compressed, as they were received.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace libcache::internal {

// What an answer decompresses to is not judged beyond this many bytes.
inline constexpr std::size_t kMostDecompressed = 64U << 20;

// Whether an answer ends within the magic number of gzip or zstd, after a byte that no text begins with.
bool is_cut_before_compression(std::string_view bytes);

// Whether an answer begins as gzip or zstd does. Too few bytes to tell: no.
bool is_compressed(std::string_view bytes);

struct Decompressed {
  enum class End { whole, cut, damaged, too_large } end = End::whole;
  std::string bytes = {};  // up to where it ended
  std::string rest = {};   // the first bytes after that, which are not compressed
};
Decompressed decompress(std::string_view bytes);

}  // namespace libcache::internal
