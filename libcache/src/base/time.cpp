#include <libcache/time.h>

#include <algorithm>

namespace libcache LIBCACHE_EXPORT {

using Steady = std::chrono::steady_clock;

UnixTime system_now() {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

Deadline Deadline::after(Milliseconds budget) {
  const auto now = Steady::now();
  const auto longest = std::chrono::duration_cast<Milliseconds>(Steady::time_point::max() - now);
  return Deadline(budget >= longest ? Steady::time_point::max() : now + budget);
}

Deadline Deadline::never() {
  return Deadline(Steady::time_point::max());
}

bool Deadline::expired() const {
  return Steady::now() >= at_;
}

Milliseconds Deadline::remaining() const {
  if (at_ == Steady::time_point::max()) return Milliseconds::max();
  return std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(at_ - Steady::now()));
}

Deadline Deadline::capped(Milliseconds budget) const {
  return Deadline(std::min(at_, after(budget).at_));
}

}  // namespace libcache LIBCACHE_EXPORT
