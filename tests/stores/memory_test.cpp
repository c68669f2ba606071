#include <libcache/open.h>

#include <catch2/catch_test_macros.hpp>

#include "stores/conformance.h"
#include "support/fake_clock.h"

using namespace libcache;
using namespace std::chrono_literals;
using test::FakeClock;

namespace {

std::unique_ptr<Store> memory_store(const StoreOptions& options) {
  auto store = open_store(*StoreUrl::parse("memory:"), options);
  REQUIRE(store.has_value());
  return std::move(*store);
}

std::size_t count(Store& store) {
  std::size_t values = 0;
  const auto visit = [&](const ScanRow&) -> Result<bool> {
    ++values;
    return true;
  };
  REQUIRE(store.scan("", 0, visit, Deadline::never()).has_value());
  return values;
}

test::StoreUnderTest memory_under_test() {
  FakeClock clock;
  return {
      .surroundings = nullptr,
      .store = memory_store({.clock = clock.clock()}),
      .now = clock.clock(),
      .advance = [clock](Milliseconds time) mutable { clock.advance(time); },
  };
}

}  // namespace

TEST_CASE("the memory store keeps the contract of every store") {
  test::check_conformance(memory_under_test);
}

TEST_CASE("the memory store keeps the contract of flights") {
  test::check_flights(memory_under_test);
}

TEST_CASE("on a memory store, one session never sees an entry of another") {
  test::check_sessions(memory_under_test);
}

TEST_CASE("the memory store stays within its size by evicting the least recently used values") {
  const auto store = memory_store({.max_size = 100'000});
  const std::string value(10'000, 'v');
  for (int i = 0; i < 9; ++i) REQUIRE(store->put(std::to_string(i), value, {}, Deadline::never()));
  REQUIRE(count(*store) == 9);
  CHECK(store->get("0", Deadline::never())->has_value());
  for (int i = 9; i < 12; ++i) REQUIRE(store->put(std::to_string(i), value, {}, Deadline::never()));
  CHECK(count(*store) == 9);
  CHECK(store->get("0", Deadline::never())->has_value());
  CHECK_FALSE(store->get("1", Deadline::never())->has_value());
  CHECK(store->get("11", Deadline::never())->has_value());
}

TEST_CASE("the memory store refuses a value that is larger than all of it, and evicts nothing for it") {
  const auto store = memory_store({.max_size = 1000});
  REQUIRE(store->put("small", "v", {}, Deadline::never()));
  const auto put = store->put("large", std::string(1001, 'v'), {}, Deadline::never());
  REQUIRE_FALSE(put.has_value());
  CHECK(put.error().code == ErrorCode::policy);
  CHECK(store->get("small", Deadline::never())->has_value());
}

TEST_CASE("the memory store frees expired values while others are written") {
  FakeClock clock;
  const auto store = memory_store({.max_size = 0, .clock = clock.clock()});
  const PutOptions brief{.expires = clock.now() + 1s};
  for (int i = 0; i < 100; ++i) REQUIRE(store->put("brief:" + std::to_string(i), "v", brief, Deadline::never()));
  clock.advance(2s);
  for (int i = 0; i < 20; ++i) REQUIRE(store->put("other", "v", {}, Deadline::never()));
  clock.advance(-2s);  // a value that is still in memory would be returned again
  CHECK(count(*store) == 1);
}

TEST_CASE("a store opened read-only is read and never written") {
  auto store = open_store(*StoreUrl::parse("memory:?read_only=1"));
  REQUIRE(store.has_value());
  const auto soon = Deadline::never();
  CHECK((*store)->get("a", soon).value() == std::nullopt);
  CHECK((*store)->ping(soon).has_value());
  CHECK(count(**store) == 0);
  CHECK((*store)->put("a", "1", {}, soon).error().code == ErrorCode::refused);
  CHECK((*store)->remove(std::vector<std::string>{"a"}, soon).error().code == ErrorCode::refused);
}
