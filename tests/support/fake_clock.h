// A wall clock that a test moves by hand.
#pragma once

#include <libcache/time.h>

#include <atomic>
#include <memory>

namespace libcache::test {

// A handle: copies move together. Thread-safe.
class FakeClock {
 public:
  UnixTime now() const { return UnixTime(Milliseconds(*milliseconds_)); }
  void advance(Milliseconds time) { *milliseconds_ += time.count(); }
  // For the options of the object under test.
  Clock clock() const {
    return [*this] { return now(); };
  }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> milliseconds_ =
      std::make_shared<std::atomic<std::int64_t>>(1'800'000'000'000);
};

}  // namespace libcache::test
