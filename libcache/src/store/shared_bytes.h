// How much of a value a flight shares through a store.
#pragma once

#include <cstddef>

namespace libcache::internal {

// Followers of a larger value get it once it is stored, or produce it themselves.
inline constexpr std::size_t kMostSharedBytes = 64 << 20;

}  // namespace libcache::internal
