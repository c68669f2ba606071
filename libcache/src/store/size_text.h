// Sizes for people.
#pragma once

#include <cstdint>
#include <string>

namespace libcache::internal {

// "12 MB", "3 kB", in powers of 1024.
inline std::string size_text(std::uint64_t bytes) {
  return bytes < (1 << 20) ? std::to_string((bytes + 1023) >> 10) + " kB" : std::to_string(bytes >> 20) + " MB";
}

}  // namespace libcache::internal
