// Callers that share a cache and follow a leader in another process: none of them depends on the others.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <thread>

#include "unit/cache/fill/callers.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using Role = Fill::Role;

namespace {

// Holds the first caller that joins a flight until the test lets it go.
class SlowlyJoiningStore final : public FlyingStore {
 public:
  SlowlyJoiningStore(std::shared_ptr<Store> store, std::atomic<int>& followers, std::promise<void>& joins,
                     std::shared_future<void> may_join)
      : FlyingStore(std::move(store), followers), joins_(joins), may_join_(std::move(may_join)) {}
  Result<Flight> join(std::string_view name, Deadline deadline) override {
    if (joined_++ == 0) {
      joins_.set_value();
      may_join_.wait();
    }
    return FlyingStore::join(name, deadline);
  }

 private:
  std::atomic<int> joined_{0};
  std::promise<void>& joins_;
  std::shared_future<void> may_join_;
};

// Reads until there is something new: bytes, the end or another role. Nothing new within 10 seconds is a failure.
Fill::Piece next_piece(Fill& fill) {
  const Deadline deadline = Deadline::after(10s);
  const Role role = fill.role();
  for (;;) {
    const auto piece = fill.read(deadline).value();
    if (!piece.bytes.empty() || piece.done || fill.role() != role || deadline.expired()) return piece;
  }
}

}  // namespace

TEST_CASE("a follower of another process's leader gets each piece whatever the others in its process do") {
  Callers callers;
  const auto elsewhere = callers.process();
  const auto cache = callers.process();
  Fill leader = elsewhere->begin(callers.stream).value();
  REQUIRE(leader.role() == Role::lead);
  auto first = std::make_unique<Fill>(cache->begin(callers.stream, {}, Deadline::after(10s)).value());
  Fill second = cache->begin(callers.stream).value();
  REQUIRE(first->role() == Role::follow);
  REQUIRE(second.role() == Role::follow);
  REQUIRE(leader.write(kEvents[0]));
  SECTION("they do not read") {}
  SECTION("they leave before they have read anything") {
    first.reset();
  }
  SECTION("they leave in the middle") {
    CHECK(next_piece(*first).bytes == kEvents[0]);
    first.reset();
  }
  SECTION("they abandon") {
    first->abandon();
  }
  CHECK(next_piece(second).bytes == kEvents[0]);
  REQUIRE(leader.write(kEvents[1] + kEvents[2]));
  CHECK(leader.finish().storing == Storing::stored);
  CHECK(next_piece(second).bytes == kEvents[1] + kEvents[2]);
  CHECK(second.filled().source == Source::leader);
}

TEST_CASE("a follower that waits for too long, or whose receiver fails, disturbs no other follower in its process") {
  Callers callers;
  const std::shared_ptr<Cache> elsewhere = callers.process();
  const std::shared_ptr<Cache> cache = callers.process();
  Fill leader = elsewhere->begin(callers.stream).value();
  REQUIRE(leader.write(kEvents[0]));
  FillOptions options;
  Receiver receive = [](std::string_view) -> Status { return {}; };
  SECTION("its receiver fails") {
    receive = [](std::string_view) -> Status { return fail(ErrorCode::unavailable, "the client has gone"); };
  }
  SECTION("it waits no longer") {
    options.wait = 10ms;
  }
  SECTION("its deadline passes") {}
  Fill first = cache->begin(callers.stream, options, Deadline::after(200ms)).value();
  auto other = std::async(std::launch::async, [&] { return callers.call_with(cache, callers.stream, kNoProducer); });
  CHECK_FALSE(first.run(kNoProducer, receive).has_value());
  REQUIRE(leader.write(kEvents[1] + kEvents[2]));
  CHECK(leader.finish().storing == Storing::stored);
  CHECK(other.get().received == kWhole);
}

TEST_CASE(
    "callers that arrive while the first one looks for a leader elsewhere follow that leader, or only one leads") {
  Callers callers;
  std::promise<void> joins;
  std::promise<void> may_join;
  const auto elsewhere = callers.process();
  const auto cache = Cache::create(std::make_unique<SlowlyJoiningStore>(callers.store, callers.followers, joins,
                                                                        may_join.get_future().share()),
                                   callers.options())
                         .value();
  std::optional<Fill> leader = elsewhere->begin(callers.stream).value();
  REQUIRE(leader->write(kEvents[0]));
  auto first = std::async(std::launch::async, [&] { return cache->begin(callers.stream).value(); });
  joins.get_future().wait();
  Fill second = cache->begin(callers.stream).value();
  Fill third = cache->begin(callers.stream).value();
  CHECK(second.role() == Role::follow);
  const bool leader_stays = GENERATE(true, false);
  if (!leader_stays) leader.reset();
  may_join.set_value();
  Fill one = first.get();
  Fill& producing = leader_stays ? *leader : one;
  REQUIRE(producing.role() == Role::lead);
  if (!leader_stays) REQUIRE(producing.write(kEvents[0]));
  REQUIRE(producing.write(kEvents[1] + kEvents[2]));
  CHECK(next_piece(second).bytes == kWhole);
  CHECK(third.role() == Role::follow);
  if (leader_stays) CHECK(next_piece(one).bytes == kWhole);
  CHECK(producing.finish().storing == Storing::stored);
  CHECK(next_piece(second).done);
  // The third has not read yet, and finds the answer in the store.
  std::string all;
  for (bool done = false; !done;) {
    const auto piece = next_piece(third);
    all += piece.bytes;
    done = piece.done;
  }
  CHECK(all == kWhole);
}
