// A circuit breaker: keeps callers from waiting again and again for a server that does not answer.
#pragma once

#include <libcache/time.h>

#include <chrono>

#include "base/guarded.h"

namespace libcache::internal::redis {

// While closed, it allows every call. After `failures` failed calls in a row it opens: for the time `pause` it allows
// no call, then one call at a time as a probe, and it closes when one succeeds. Thread-safe.
class Breaker {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class Change { none, opened, closed };

  Breaker(unsigned failures, Milliseconds pause) : failures_(failures), pause_(pause) {}

  // Whether a call may be made. If so, record() or withdraw() must follow.
  bool allow(TimePoint now);
  // Records how an allowed call ended.
  Change record(bool success, TimePoint now);
  // An allowed call was not made.
  void withdraw();

 private:
  struct State {
    unsigned failures = 0;  // in a row
    bool open = false;
    bool probing = false;
    TimePoint retry_at{};
  };

  const unsigned failures_;
  const Milliseconds pause_;
  Guarded<State> state_;
};

}  // namespace libcache::internal::redis
