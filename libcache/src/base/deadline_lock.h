// Locks shared state within a deadline.
#pragma once

#include <libcache/result.h>

#include "base/guarded.h"

namespace libcache::internal {

// Fails with a timeout if the lock cannot be acquired in time or the deadline has already passed.
template <class T>
Result<typename Guarded<T>::Access> lock_before(Deadline deadline, Guarded<T>& guarded) {
  auto access = deadline.expired() ? std::nullopt : guarded.lock_until(deadline);
  if (!access) return fail(ErrorCode::timeout, "the deadline has passed");
  return std::move(*access);
}

}  // namespace libcache::internal
