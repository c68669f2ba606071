// The two clocks of a cache: deadlines run on the monotonic clock, expiry on the wall clock.
#pragma once

#include <libcache/export.h>

#include <chrono>
#include <functional>
#include <optional>

namespace libcache LIBCACHE_EXPORT {

using Milliseconds = std::chrono::milliseconds;

/// Wall-clock time in whole milliseconds since 1970-01-01 UTC, the unit in which entries carry their dates.
using UnixTime = std::chrono::sys_time<Milliseconds>;

/// Returns the current time. Tests pass a fake one; it must be callable from several threads at once.
using Clock = std::function<UnixTime()>;

/// The system's wall clock.
UnixTime system_now();

/// A point on the monotonic clock by which an operation must be over, made once at the top of a call and handed down to
/// the socket or the lock. A value; cheap to copy.
class Deadline {
 public:
  /// `budget` from now; a negative budget is already over.
  static Deadline after(Milliseconds budget);
  /// Never passes.
  static Deadline never();

  bool expired() const;
  /// Time left, rounded up to a whole millisecond and never negative; Milliseconds::max() for never().
  Milliseconds remaining() const;
  /// The earlier of this deadline and `budget` from now: bounds one step of a longer operation.
  Deadline capped(Milliseconds budget) const;
  std::chrono::steady_clock::time_point time() const { return at_; }

 private:
  explicit Deadline(std::chrono::steady_clock::time_point at) : at_(at) {}
  std::chrono::steady_clock::time_point at_;
};

/// How long an entry lives after it was stored; nullopt: it never expires. A duration so long that the date cannot be
/// represented counts as never.
struct Ttl {
  std::optional<Milliseconds> duration = std::chrono::minutes(5);
  static Ttl never() { return Ttl{std::nullopt}; }
};

}  // namespace libcache LIBCACHE_EXPORT
