// The time until a deadline, as an argument of poll().
#pragma once

#include <libcache/time.h>

#include <algorithm>
#include <climits>
#include <cstdint>

namespace llmcache {

// -1 for a deadline that never passes.
inline int poll_timeout(libcache::Deadline deadline) {
  const auto left = deadline.remaining();
  if (left == libcache::Milliseconds::max()) return -1;
  return static_cast<int>(std::min<std::int64_t>(left.count(), INT_MAX));
}

}  // namespace llmcache
