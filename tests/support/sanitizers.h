// How much a long test tries: sanitizers make each try several times as slow.
#pragma once

#include <algorithm>
#include <cstddef>

#include "support/paths.h"

namespace libcache::test {

inline constexpr bool kSanitized = *LLMCACHE_SANITIZE != '\0';

// The number of times that a test tries something: `count`, but only a fifth of it under sanitizers.
constexpr int tries(int count) {
  return kSanitized ? std::max(1, count / 5) : count;
}

// A text is cut at every length, or under sanitizers at every third.
inline constexpr std::size_t kCutStep = kSanitized ? 3 : 1;

}  // namespace libcache::test
