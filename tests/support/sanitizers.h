// How much a long test tries: sanitizers make each try several times as slow.
#pragma once

#include <algorithm>

#include "support/paths.h"

namespace libcache::test {

inline constexpr bool kSanitized = *LLMCACHE_SANITIZE != '\0';

// The number of times that a test tries something: `count`, but only a fifth of it under sanitizers.
constexpr int tries(int count) {
  return kSanitized ? std::max(1, count / 5) : count;
}

}  // namespace libcache::test
