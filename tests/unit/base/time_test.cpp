#include <libcache/time.h>

#include <catch2/catch_test_macros.hpp>

using namespace libcache;
using namespace std::chrono_literals;

TEST_CASE("a deadline in the past is expired and has no time left") {
  const auto deadline = Deadline::after(-1ms);
  CHECK(deadline.expired());
  CHECK(deadline.remaining() == 0ms);
}

TEST_CASE("a deadline that never passes has unlimited time, and so has a budget that the clock cannot represent") {
  CHECK_FALSE(Deadline::never().expired());
  CHECK(Deadline::never().remaining() == Milliseconds::max());
  CHECK(Deadline::after(Milliseconds::max()).remaining() == Milliseconds::max());
}

TEST_CASE("capping a deadline takes the earlier of the two") {
  CHECK(Deadline::never().capped(50ms).remaining() <= 50ms);
  CHECK(Deadline::after(0ms).capped(1h).expired());
}
