#include "store/redis/server/breaker.h"

#include <catch2/catch_test_macros.hpp>

using namespace libcache;

using namespace libcache::internal;
using namespace std::chrono_literals;
using redis::Breaker;
using Change = Breaker::Change;

namespace {

const Breaker::TimePoint kStart{1h};

// Opens a breaker that opens after three failures, at kStart.
void open(Breaker& breaker) {
  for (int i = 0; i < 2; ++i) CHECK(breaker.record(false, kStart) == Change::none);
  CHECK(breaker.record(false, kStart) == Change::opened);
}

}  // namespace

TEST_CASE("a breaker allows every call until enough calls in a row have failed") {
  Breaker breaker(3, 1s);
  for (int i = 0; i < 10; ++i) {
    breaker.record(false, kStart);
    breaker.record(false, kStart);
    CHECK(breaker.record(true, kStart) == Change::none);
  }
  CHECK(breaker.allow(kStart));
  open(breaker);
  CHECK_FALSE(breaker.allow(kStart));
  CHECK_FALSE(breaker.allow(kStart + 999ms));
}

TEST_CASE("after the pause a breaker allows one call, and closes if that succeeds") {
  Breaker breaker(3, 1s);
  open(breaker);
  CHECK(breaker.allow(kStart + 1s));
  CHECK_FALSE(breaker.allow(kStart + 1s));
  CHECK(breaker.record(true, kStart + 1s) == Change::closed);
  CHECK(breaker.allow(kStart + 1s));
  CHECK(breaker.allow(kStart + 1s));
}

TEST_CASE("a probe that fails starts another pause and is not reported as a change") {
  Breaker breaker(3, 1s);
  open(breaker);
  REQUIRE(breaker.allow(kStart + 1s));
  CHECK(breaker.record(false, kStart + 2s) == Change::none);
  CHECK_FALSE(breaker.allow(kStart + 2500ms));
  CHECK(breaker.allow(kStart + 3s));
}

TEST_CASE("a withdrawn call neither opens nor closes a breaker, and a withdrawn probe allows the next one") {
  Breaker breaker(3, 1s);
  for (int i = 0; i < 2; ++i) CHECK(breaker.record(false, kStart) == Change::none);
  REQUIRE(breaker.allow(kStart));
  breaker.withdraw();
  CHECK(breaker.allow(kStart));
  CHECK(breaker.record(false, kStart) == Change::opened);
  REQUIRE(breaker.allow(kStart + 1s));
  CHECK_FALSE(breaker.allow(kStart + 1s));
  breaker.withdraw();
  CHECK_FALSE(breaker.allow(kStart + 999ms));
  CHECK(breaker.allow(kStart + 1s));
  CHECK(breaker.record(true, kStart + 1s) == Change::closed);
}
