// Keeps callers from waiting again and again for a server that does not answer.
#pragma once

#include <libcache/time.h>

#include <chrono>

#include "base/guarded.h"

namespace libcache::internal::redis {

// Closed, it lets every call through. After `failures` in a row it opens: nothing passes for `pause`, then one call at
// a time does, as a probe, until one succeeds. Thread-safe.
class Breaker {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class Change { none, opened, closed };

  Breaker(unsigned failures, Milliseconds pause) : failures_(failures), pause_(pause) {}

  // Whether a call may go ahead; if so, record() or withdraw() must follow.
  bool allow(TimePoint now);
  // How a call that was allowed ended.
  Change record(bool success, TimePoint now);
  // A call that was allowed has not come as far as the server, and says nothing about it.
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
