#include "store/tiered.h"

#include <libcache/flight.h>

#include <catch2/catch_test_macros.hpp>

#include "store/memory.h"
#include "stores/conformance.h"
#include "stores/verbs.h"
#include "support/fake_clock.h"

using namespace libcache;

using namespace libcache::internal;
using namespace libcache::test;
using namespace std::chrono_literals;

namespace {

// A memory store that can be made to fail, and counts its calls.
class Breakable final : public Store {
 public:
  explicit Breakable(const FakeClock& clock) : store_(make_memory_store({.clock = clock.clock()})) {}

  bool broken = false;
  int reads = 0;
  std::function<void()> before_scan = [] {};

  Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) override {
    ++reads;
    if (broken) return failure();
    return store_->get(name, deadline);
  }
  Result<bool> put(std::string_view name, std::string_view value, const PutOptions& options,
                   Deadline deadline) override {
    if (broken) return failure();
    return store_->put(name, value, options, deadline);
  }
  Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline) override {
    if (broken) return failure();
    return store_->remove(names, deadline);
  }
  Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit, Deadline deadline) override {
    if (broken) return failure();
    before_scan();
    return store_->scan(prefix, head_bytes, visit, deadline);
  }
  Status ping(Deadline deadline) override {
    if (broken) return failure();
    return store_->ping(deadline);
  }

 private:
  static tl::unexpected<Error> failure() { return fail(ErrorCode::unavailable, "broken"); }
  std::unique_ptr<Store> store_;
};

// A near and a far store, and both as one.
struct Tiers {
  explicit Tiers(bool near_is_read_only = false, bool far_is_read_only = false) {
    auto near_store = std::make_unique<Breakable>(clock);
    auto far_store = std::make_unique<Breakable>(clock);
    near = near_store.get();
    far = far_store.get();
    std::vector<Tier> tiers;
    tiers.push_back({std::move(near_store), near_is_read_only});
    tiers.push_back({std::move(far_store), far_is_read_only});
    both = make_tiered_store(std::move(tiers));
  }
  FakeClock clock;
  Breakable* near;
  Breakable* far;
  std::unique_ptr<Store> both;
};

// A store implemented outside the library, with flights.
class Borrowed final : public Store, public Flights {
 public:
  explicit Borrowed(Store& store) : store_(store) {}
  Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) override {
    return store_.get(name, deadline);
  }
  Result<bool> put(std::string_view name, std::string_view value, const PutOptions& options,
                   Deadline deadline) override {
    return store_.put(name, value, options, deadline);
  }
  Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline) override {
    return store_.remove(names, deadline);
  }
  Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit, Deadline deadline) override {
    return store_.scan(prefix, head_bytes, visit, deadline);
  }
  Status ping(Deadline deadline) override { return store_.ping(deadline); }
  Flights* flights() override { return this; }
  Result<Flight> join(std::string_view name, Deadline deadline) override {
    return store_.flights()->join(name, deadline);
  }

 private:
  Store& store_;
};

StoreUnderTest tiers_under_test() {
  FakeClock clock;
  std::vector<Tier> tiers;
  for (int i = 0; i < 2; ++i) tiers.push_back({make_memory_store({.clock = clock.clock()}), false});
  return {
      .surroundings = nullptr,
      .store = make_tiered_store(std::move(tiers)),
      .now = clock.clock(),
      .advance = [clock](Milliseconds time) mutable { clock.advance(time); },
  };
}

ErrorCode code_of(const auto& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

}  // namespace

TEST_CASE("tiers keep the contract of every store") {
  check_conformance(tiers_under_test);
}

TEST_CASE("tiers keep the contract of flights") {
  check_flights(tiers_under_test);
}

TEST_CASE("on two stores together, one session never sees an entry of another") {
  check_sessions(tiers_under_test);
}

TEST_CASE("the farthest store that can be written has the flights") {
  std::vector<std::unique_ptr<Store>> made;
  std::vector<Tier> tiers;
  for (int i = 0; i < 3; ++i) {
    made.push_back(make_memory_store({}));
    tiers.push_back({std::make_unique<Borrowed>(*made.back()), i == 2});
  }
  const auto all = make_tiered_store(std::move(tiers));
  const auto lead = all->flights()->join("a", soon()).value().lease;
  CHECK(lead);
  CHECK(made[0]->flights()->join("a", soon()).value().lease);
  CHECK(made[1]->flights()->join("a", soon()).value().tail);
  CHECK(made[2]->flights()->join("a", soon()).value().lease);
}

TEST_CASE("stores that cannot be written have no flights") {
  std::vector<Tier> tiers;
  tiers.push_back({make_memory_store({}), true});
  CHECK(make_tiered_store(std::move(tiers))->flights() == nullptr);
  CHECK(open_store(StoreUrl::parse("memory:?read_only=1").value()).value()->flights() == nullptr);
}

TEST_CASE("a value that the near store has is not requested from the far one") {
  Tiers tiers;
  put(*tiers.both, "a", "1");
  CHECK(get(*tiers.both, "a") == "1");
  CHECK(tiers.far->reads == 0);
}

TEST_CASE("a value that only the far store has is copied to the near one for its remaining time") {
  Tiers tiers;
  put(*tiers.far, "brief", "1", {.expires = tiers.clock.now() + 60s});
  put(*tiers.far, "lasting", "2");
  tiers.clock.advance(50s);
  CHECK(get(*tiers.both, "brief") == "1");
  CHECK(get(*tiers.both, "lasting") == "2");
  CHECK(get(*tiers.near, "brief") == "1");
  tiers.clock.advance(11s);
  CHECK(get(*tiers.near, "brief") == std::nullopt);
  CHECK(get(*tiers.near, "lasting") == "2");
}

TEST_CASE("writes and removals go to all stores") {
  Tiers tiers;
  put(*tiers.both, "a", "1");
  CHECK(get(*tiers.near, "a") == "1");
  CHECK(get(*tiers.far, "a") == "1");
  CHECK(remove(*tiers.both, {"a"}) == 1);
  CHECK(get(*tiers.near, "a") == std::nullopt);
  CHECK(get(*tiers.far, "a") == std::nullopt);
}

TEST_CASE("a value that is in one store only is counted when it is removed, and listed once") {
  Tiers tiers;
  put(*tiers.near, "a", "1");
  put(*tiers.both, "b", "2");
  put(*tiers.far, "c", "3");
  CHECK(names(*tiers.both, "") == Names{"a", "b", "c"});
  CHECK(remove(*tiers.both, {"a"}) == 1);
  CHECK(remove(*tiers.both, {"c"}) == 1);
}

TEST_CASE("the far store decides whether a value is new") {
  Tiers tiers;
  put(*tiers.far, "a", "far");
  CHECK_FALSE(put(*tiers.both, "a", "new", {.only_new = true}));
  CHECK(get(*tiers.near, "a") == std::nullopt);
  put(*tiers.near, "b", "near");
  CHECK(put(*tiers.both, "b", "new", {.only_new = true}));
  CHECK(get(*tiers.near, "b") == "new");
}

TEST_CASE("a store that is read-only is read and left as it is") {
  SECTION("the near one") {
    Tiers tiers(true, false);
    put(*tiers.both, "a", "1");
    CHECK(get(*tiers.both, "a") == "1");
    CHECK(names(*tiers.near, "").empty());
  }
  SECTION("the far one") {
    Tiers tiers(false, true);
    put(*tiers.far, "a", "1");
    CHECK(get(*tiers.both, "a") == "1");
    put(*tiers.both, "a", "2");
    CHECK(remove(*tiers.both, {"a"}) == 1);
    CHECK(get(*tiers.far, "a") == "1");
  }
  SECTION("both") {
    Tiers tiers(true, true);
    CHECK(code_of(tiers.both->put("a", "1", {}, soon())) == ErrorCode::refused);
    CHECK(code_of(tiers.both->remove(Names{"a"}, soon())) == ErrorCode::refused);
  }
}

TEST_CASE("a store that fails is passed over, and its failure never counts as a miss") {
  Tiers tiers;
  put(*tiers.both, "a", "1");
  SECTION("the near one") {
    tiers.near->broken = true;
    CHECK(get(*tiers.both, "a") == "1");
    CHECK(code_of(tiers.both->get("absent", soon())) == ErrorCode::unavailable);
    CHECK(code_of(tiers.both->put("b", "2", {}, soon())) == ErrorCode::unavailable);
    CHECK(get(*tiers.far, "b") == "2");
    CHECK(code_of(tiers.both->remove(Names{"a"}, soon())) == ErrorCode::unavailable);
    CHECK(get(*tiers.far, "a") == std::nullopt);
  }
  SECTION("the far one") {
    tiers.far->broken = true;
    CHECK(get(*tiers.both, "a") == "1");
    CHECK(code_of(tiers.both->get("absent", soon())) == ErrorCode::unavailable);
    CHECK(code_of(tiers.both->put("b", "2", {}, soon())) == ErrorCode::unavailable);
    CHECK(get(*tiers.near, "b") == std::nullopt);
    CHECK(code_of(tiers.both->put("c", "3", {.only_new = true}, soon())) == ErrorCode::unavailable);
    CHECK(get(*tiers.near, "c") == std::nullopt);
  }
  CHECK(code_of(tiers.both->ping(soon())) == ErrorCode::unavailable);
  CHECK(code_of(tiers.both->scan(
            "", 0, [](const ScanRow&) -> Result<bool> { return true; }, soon())) == ErrorCode::unavailable);
}

TEST_CASE("stores are opened together from their URLs, near before far") {
  const auto url = [](const char* text) { return StoreUrl::parse(text).value(); };
  const auto both = open_stores(std::vector{url("memory:"), url("memory:?read_only=1")}).value();
  CHECK(put(*both, "a", "1"));
  CHECK(get(*both, "a") == "1");
  CHECK(code_of(open_stores({})) == ErrorCode::invalid);
  CHECK(open_stores(std::vector{url("memory:")}).has_value());
}

TEST_CASE("a copy for the near store does not replace what was written there meanwhile") {
  const Tiers tiers;
  put(*tiers.far, "k", "old");
  // Between the reading of the far value and the copy.
  tiers.far->before_scan = [&] { put(*tiers.near, "k", "new"); };
  CHECK(get(*tiers.both, "k") == "old");
  CHECK(get(*tiers.near, "k") == "new");
}
