#include <libcache/flight.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <future>
#include <thread>

#include "unit/cache/cache_fixture.h"

using namespace libcache;
using namespace std::chrono_literals;

namespace {

const auto kNever = Deadline::never();

// Counts who has found a leader to follow.
class FlyingStore : public SharedStore, public Flights {
 public:
  FlyingStore(std::shared_ptr<Store> store, std::atomic<int>& followers)
      : SharedStore(store), store_(std::move(store)), followers_(followers) {}
  Flights* flights() override { return this; }
  Result<Flight> join(std::string_view name, Deadline deadline) override {
    auto flight = store_->flights()->join(name, deadline);
    if (flight && flight->tail) {
      ++followers_;
      followers_.notify_all();
    }
    return flight;
  }

 private:
  std::shared_ptr<Store> store_;
  std::atomic<int>& followers_;
};

// Takes its time to show a leader's pieces.
class SlowFlights : public SharedStore, public Flights {
 public:
  using SharedStore::SharedStore;
  Flights* flights() override { return this; }
  Result<Flight> join(std::string_view, Deadline) override {
    return Flight{.lease = std::make_unique<SlowLease>(appended), .tail = nullptr, .value_present = false};
  }
  int appended = 0;

 private:
  class SlowLease : public Lease {
   public:
    explicit SlowLease(int& appended) : appended_(appended) {}
    Status append(std::string_view, Deadline) override {
      ++appended_;
      std::this_thread::sleep_for(50ms);
      return {};
    }
    Status end(FlightState, std::uint64_t, Deadline) override { return {}; }
    Result<bool> has_followers(Deadline) override { return false; }

   private:
    int& appended_;
  };
};

class BrokenStore : public SharedStore {
 public:
  BrokenStore() : SharedStore(nullptr) {}
  Result<std::optional<std::string>> get(std::string_view, Deadline) override {
    return fail(ErrorCode::unavailable, "broken");
  }
};

class PreparedStore : public SharedStore {
 public:
  using SharedStore::SharedStore;
  void prepare_put(Deadline) override { prepared = true; }
  bool prepared = false;
};

// What one call gave.
struct Call {
  std::string received;
  Result<Filled> filled = fail(ErrorCode::internal, "was not called");
};

const Producer kNoProducer = [](Filling&) -> Status { return fail(ErrorCode::internal, "must not be called"); };

// Several processes' caches over one store.
struct Fixture : CacheFixture {
  std::atomic<int> followers{0};
  RequestKey stream = make()->key(R"({"model":"m","messages":[],"stream":true})").value();
  RequestKey response = make()->key(R"({"model":"m","messages":[]})").value();

  std::unique_ptr<Cache> process() {
    return Cache::create(std::make_unique<FlyingStore>(store, followers), options()).value();
  }
  void wait_for_followers(int count) {
    for (int now = followers; now < count; now = followers) followers.wait(now);
  }
  // A call in a process of its own.
  Call call(const RequestKey& key, const Producer& produce, const FillOptions& fill_options = {},
            Deadline deadline = kNever) {
    Call call;
    const auto receive = [&](std::string_view bytes) -> Status {
      call.received += bytes;
      return {};
    };
    call.filled = process()->get_or_fill(key, produce, receive, fill_options, deadline);
    return call;
  }
  std::future<Call> call_in_background(const RequestKey& key, const Producer& produce,
                                       const FillOptions& fill_options = {}, Deadline deadline = kNever) {
    return std::async(std::launch::async, [=, this, &key] { return call(key, produce, fill_options, deadline); });
  }
};

// A call in a process of its own that leads, and has its answer when it is told to.
class WaitingLeader {
 public:
  WaitingLeader(Fixture& fixture, const RequestKey& key, std::string answer)
      : call_(fixture.call_in_background(key, [this, answer = std::move(answer)](Filling& filling) -> Status {
          leads_.set_value();
          told_.get_future().wait();
          return filling.write(answer);
        })) {
    leads_.get_future().wait();
  }
  Call answer() {
    told_.set_value();
    return call_.get();
  }

 private:
  std::promise<void> leads_;
  std::promise<void> told_;
  std::future<Call> call_;
};

Producer produces(std::vector<std::string> pieces) {
  return [pieces = std::move(pieces)](Filling& filling) -> Status {
    for (const auto& piece : pieces) {
      if (auto written = filling.write(piece); !written) return written;
    }
    return {};
  };
}

const std::vector<std::string> kEvents = {"data: one\n\n", "data: two\n\n", "data: three\n\n"};
const std::string kWhole = kEvents[0] + kEvents[1] + kEvents[2];
using Source = Filled::Source;

}  // namespace

TEST_CASE("what is not stored is produced, handed out and stored; the next one gets it from the store") {
  Fixture fixture;
  for (const auto* key : {&fixture.stream, &fixture.response}) {
    const auto first = fixture.call(*key, produces(kEvents));
    REQUIRE(first.filled.has_value());
    CHECK(first.filled->source == Source::producer);
    CHECK(first.filled->refused.empty());
    CHECK(first.filled->stored.has_value());
    CHECK(first.received == kWhole);
    const auto second = fixture.call(*key, kNoProducer);
    REQUIRE(second.filled.has_value());
    CHECK(second.filled->source == Source::store);
    CHECK(second.received == kWhole);
  }
}

TEST_CASE("of many callers in many processes one produces, and all get the same answer") {
  Fixture fixture;
  for (const auto* key : {&fixture.stream, &fixture.response}) {
    std::atomic<int> calls{0};
    fixture.followers = 0;
    const auto produce = [&](Filling& filling) -> Status {
      ++calls;
      fixture.wait_for_followers(15);
      return produces(kEvents)(filling);
    };
    std::vector<std::future<Call>> callers;
    for (int i = 0; i < 16; ++i) callers.push_back(fixture.call_in_background(*key, produce));
    for (auto& caller : callers) {
      const auto call = caller.get();
      CHECK(call.filled.has_value());
      CHECK(call.received == kWhole);
    }
    CHECK(calls == 1);
  }
}

TEST_CASE("threads that share a cache share its calls even where the store has no flights") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  std::atomic<int> calls{0};
  std::vector<std::thread> threads;
  std::atomic<int> whole{0};
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      std::string received;
      const auto receive = [&](std::string_view bytes) -> Status {
        received += bytes;
        return {};
      };
      const auto produce = [&](Filling& filling) -> Status {
        ++calls;
        return filling.write("answer");
      };
      if (cache->get_or_fill(key, produce, receive, {}, kNever) && received == "answer") ++whole;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(calls == 1);
  CHECK(whole == 16);
}

TEST_CASE("a follower gets a stream's bytes while its leader still waits for more") {
  Fixture fixture;
  std::promise<void> first_arrived;
  const auto produce = [&](Filling& filling) -> Status {
    (void)filling.write(kEvents[0]);
    first_arrived.get_future().wait();
    return produces({kEvents[1], kEvents[2]})(filling);
  };
  std::promise<void> leads;
  auto leader = fixture.call_in_background(fixture.stream, [&](Filling& filling) {
    leads.set_value();
    return produce(filling);
  });
  leads.get_future().wait();
  std::string received;
  const auto receive = [&](std::string_view bytes) -> Status {
    if (received.empty()) first_arrived.set_value();
    received += bytes;
    return {};
  };
  const auto filled = fixture.process()->get_or_fill(fixture.stream, kNoProducer, receive, {}, kNever);
  REQUIRE(filled.has_value());
  CHECK(filled->source == Source::leader);
  CHECK(received == kWhole);
  CHECK(leader.get().received == kWhole);
}

TEST_CASE("a follower that does not want it live gets a stream once it is stored") {
  Fixture fixture;
  std::promise<void> leads;
  std::atomic<bool> over{false};
  auto leader = fixture.call_in_background(fixture.stream, [&](Filling& filling) -> Status {
    leads.set_value();
    (void)filling.write(kEvents[0]);
    fixture.wait_for_followers(1);
    over = true;
    return produces({kEvents[1], kEvents[2]})(filling);
  });
  leads.get_future().wait();
  std::string received;
  const auto receive = [&](std::string_view bytes) -> Status {
    CHECK(over);
    received += bytes;
    return {};
  };
  REQUIRE(fixture.process()->get_or_fill(fixture.stream, kNoProducer, receive, {.live = false}, kNever).has_value());
  CHECK(received == kWhole);
  leader.wait();
}

TEST_CASE("a leader that fails before its first byte is succeeded by one follower") {
  Fixture fixture;
  std::atomic<int> calls{0};
  const auto fail_first = [&](Filling& filling) -> Status {
    if (++calls > 1) return produces(kEvents)(filling);
    fixture.wait_for_followers(7);
    return fail(ErrorCode::unavailable, "no answer today");
  };
  std::vector<std::future<Call>> callers;
  for (int i = 0; i < 8; ++i) callers.push_back(fixture.call_in_background(fixture.stream, fail_first));
  int failed = 0;
  for (auto& caller : callers) {
    const auto call = caller.get();
    failed += call.filled ? 0 : 1;
    CHECK((!call.filled || call.received == kWhole));
  }
  CHECK(failed == 1);
  CHECK(calls == 2);
}

TEST_CASE("a follower that has handed out a part fails when its leader does, and mixes nothing into it") {
  Fixture fixture;
  std::promise<void> leads;
  std::promise<void> first_arrived;
  auto leader = fixture.call_in_background(fixture.stream, [&](Filling& filling) -> Status {
    (void)filling.write(kEvents[0]);
    leads.set_value();
    first_arrived.get_future().wait();
    return fail(ErrorCode::unavailable, "the line is dead");
  });
  leads.get_future().wait();
  std::string received;
  const auto receive = [&](std::string_view bytes) -> Status {
    if (received.empty()) first_arrived.set_value();
    received += bytes;
    return {};
  };
  SECTION("and nobody has stored anything") {
    const auto filled = fixture.process()->get_or_fill(fixture.stream, kNoProducer, receive, {}, kNever);
    REQUIRE_FALSE(filled.has_value());
    CHECK(filled.error().code == ErrorCode::corrupt);
    CHECK(received == kEvents[0]);
  }
  SECTION("even if another answer is stored by then") {
    fixture.call(fixture.stream, produces({"data: another\n\n"}), {.overwrite = true});
    const auto filled =
        fixture.process()->get_or_fill(fixture.stream, kNoProducer, receive, {.looked_up = true}, kNever);
    REQUIRE_FALSE(filled.has_value());
    CHECK(filled.error().code == ErrorCode::corrupt);
    CHECK(received == kEvents[0]);
  }
  SECTION("unless the very answer is stored by then: its rest follows") {
    fixture.call(fixture.stream, produces(kEvents), {.overwrite = true});
    const auto filled =
        fixture.process()->get_or_fill(fixture.stream, kNoProducer, receive, {.looked_up = true}, kNever);
    REQUIRE(filled.has_value());
    CHECK(received == kWhole);
  }
  leader.wait();
}

TEST_CASE("an answer that is incomplete or refused is handed out and not stored") {
  Fixture fixture;
  const auto incomplete = fixture.call(fixture.response, produces({"{\"half"}));
  REQUIRE(incomplete.filled.has_value());
  CHECK(incomplete.received == "{\"half");
  CHECK_FALSE(incomplete.filled->refused.empty());
  FillOptions picky;
  picky.refuse = [](const Answer&) { return std::string("not today"); };
  CHECK(fixture.call(fixture.response, produces({"{}"}), picky).filled->refused == "not today");
  CHECK(fixture.call(fixture.response, produces({"{}"})).filled->source == Source::producer);
}

TEST_CASE("a leader that gives up makes way at once, while its producer still runs") {
  Fixture fixture;
  std::promise<void> leads;
  std::promise<void> other_is_done;
  auto leader = fixture.call_in_background(fixture.stream, [&](Filling& filling) -> Status {
    filling.give_up();
    leads.set_value();
    other_is_done.get_future().wait();
    return produces({"data: late\n\n"})(filling);
  });
  leads.get_future().wait();
  CHECK(fixture.call(fixture.stream, produces(kEvents)).filled->source == Source::producer);
  other_is_done.set_value();
  CHECK_FALSE(leader.get().filled->refused.empty());
  CHECK(fixture.call(fixture.stream, kNoProducer).received == kWhole);
}

TEST_CASE("a follower waits no longer than it was told, and then produces for itself alone") {
  Fixture fixture;
  WaitingLeader leader(fixture, fixture.response, "the leader's");
  const auto impatient = fixture.call(fixture.response, produces({"its own"}), {.wait = 5ms});
  REQUIRE(impatient.filled.has_value());
  CHECK(impatient.received == "its own");
  CHECK_FALSE(impatient.filled->refused.empty());
  leader.answer();
  CHECK(fixture.call(fixture.response, kNoProducer).received == "the leader's");
}

TEST_CASE("at its deadline a follower fails with a timeout") {
  Fixture fixture;
  WaitingLeader leader(fixture, fixture.response, "answer");
  const auto follower = fixture.call(fixture.response, kNoProducer, {}, Deadline::after(5ms));
  REQUIRE_FALSE(follower.filled.has_value());
  CHECK(follower.filled.error().code == ErrorCode::timeout);
  CHECK(leader.answer().filled.has_value());
}

TEST_CASE("a producer that has to wait gets the store ready meanwhile") {
  Fixture fixture;
  auto owned = std::make_unique<PreparedStore>(fixture.store);
  const PreparedStore& store = *owned;
  const auto cache = Cache::create(std::move(owned), fixture.options()).value();
  const auto produce = [&](Filling& filling) -> Status {
    filling.prepare();
    CHECK(store.prepared);
    return filling.write("answer");
  };
  const auto receive = [](std::string_view) -> Status { return {}; };
  CHECK(cache->get_or_fill(fixture.response, produce, receive, {}, kNever)->stored.has_value());
  CHECK(fixture.call(fixture.response, kNoProducer).received == "answer");
}

TEST_CASE("a store that is slow to show a stream to others does not hold up its leader") {
  Fixture fixture;
  auto owned = std::make_unique<SlowFlights>(fixture.store);
  const SlowFlights& store = *owned;
  const auto cache = Cache::create(std::move(owned), fixture.options()).value();
  const std::vector<std::string> pieces(200, "data: piece\n\n");
  const auto receive = [](std::string_view) -> Status { return {}; };
  CHECK(cache->get_or_fill(fixture.stream, produces(pieces), receive, {}, kNever)->stored.has_value());
  CHECK(store.appended > 1);
  CHECK(store.appended < 100);
}

TEST_CASE("behind its deadline a producer cannot write any more") {
  Fixture fixture;
  const auto deadline = Deadline::after(20ms);
  const auto produce = [&](Filling& filling) -> Status {
    while (!deadline.expired()) std::this_thread::yield();
    return filling.write("late");
  };
  const auto late = fixture.call(fixture.response, produce, {}, deadline);
  REQUIRE_FALSE(late.filled.has_value());
  CHECK(late.filled.error().code == ErrorCode::timeout);
  CHECK(late.received.empty());
}

TEST_CASE("a store that is down costs an event, and the answer is produced as if there were none") {
  CacheFixture fixture;
  const auto cache = Cache::create(std::make_unique<BrokenStore>(), fixture.options()).value();
  std::string received;
  const auto receive = [&](std::string_view bytes) -> Status {
    received += bytes;
    return {};
  };
  const auto filled =
      cache->get_or_fill(cache->key(kRequest).value(), produces({"answer"}), receive, {}, Deadline::never());
  REQUIRE(filled.has_value());
  CHECK(filled->source == Source::producer);
  CHECK(received == "answer");
  REQUIRE(fixture.events.size() == 1);
  CHECK(fixture.events[0].name == "fill.uncached");
}

TEST_CASE("a receiver that fails ends the producing, and its failure is handed through") {
  Fixture fixture;
  const auto refuse = [](std::string_view) -> Status { return fail(ErrorCode::refused, "the reader is gone"); };
  const auto filled = fixture.process()->get_or_fill(fixture.stream, produces(kEvents), refuse, {}, kNever);
  REQUIRE_FALSE(filled.has_value());
  CHECK(filled.error().message == "the reader is gone");
  CHECK(fixture.call(fixture.stream, produces(kEvents)).filled->source == Source::producer);
}
