#include <libcache/flight.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <future>
#include <thread>

#include "unit/cache/fill/callers.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;

namespace {

// A store whose leases append slowly.
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

class PreparedStore : public SharedStore {
 public:
  using SharedStore::SharedStore;
  void prepare_put(Deadline) override { prepared = true; }
  bool prepared = false;
};

}  // namespace

TEST_CASE("an absent answer is produced, delivered and stored, and the next caller gets it from the store") {
  Callers fixture;
  for (const auto* key : {&fixture.stream, &fixture.response}) {
    const auto first = fixture.call(*key, produces(kEvents));
    REQUIRE(first.filled.has_value());
    CHECK(first.filled->source == Source::producer);
    CHECK(first.filled->reason.empty());
    CHECK(first.filled->storing == Filled::Storing::stored);
    CHECK(first.received == kWhole);
    const auto second = fixture.call(*key, kNoProducer);
    REQUIRE(second.filled.has_value());
    CHECK(second.filled->source == Source::store);
    CHECK(second.received == kWhole);
  }
}

TEST_CASE("of many callers in many processes one produces, and all get the same answer") {
  Callers fixture;
  for (const auto* key : {&fixture.stream, &fixture.response}) {
    std::atomic<int> calls{0};
    fixture.followers = 0;
    const auto produce = [&](AnswerWriter& writer) -> Status {
      ++calls;
      fixture.wait_for_followers(15);
      return produces(kEvents)(writer);
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
      const auto produce = [&](AnswerWriter& writer) -> Status {
        ++calls;
        return writer.write("answer");
      };
      if (cache->get_or_fill(key, produce, receive, {}, kNever) && received == "answer") ++whole;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(calls == 1);
  CHECK(whole == 16);
}

TEST_CASE("a follower gets a stream's bytes while its leader still waits for more") {
  Callers fixture;
  std::promise<void> first_arrived;
  const auto produce = [&](AnswerWriter& writer) -> Status {
    (void)writer.write(kEvents[0]);
    first_arrived.get_future().wait();
    return produces({kEvents[1], kEvents[2]})(writer);
  };
  std::promise<void> leads;
  auto leader = fixture.call_in_background(fixture.stream, [&](AnswerWriter& writer) {
    leads.set_value();
    return produce(writer);
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

TEST_CASE("a follower that wants nothing live, or nothing of an unknown type, gets a stream once it is stored") {
  FillOptions options;
  if (GENERATE(true, false)) {
    options.live = false;
  } else {
    options.live_needs_content_type = true;
  }
  Callers fixture;
  std::promise<void> leads;
  std::atomic<bool> over{false};
  auto leader = fixture.call_in_background(fixture.stream, [&](AnswerWriter& writer) -> Status {
    leads.set_value();
    (void)writer.write(kEvents[0]);
    fixture.wait_for_followers(1);
    over = true;
    return produces({kEvents[1], kEvents[2]})(writer);
  });
  leads.get_future().wait();
  std::string received;
  const auto receive = [&](std::string_view bytes) -> Status {
    CHECK(over);
    received += bytes;
    return {};
  };
  REQUIRE(fixture.process()->get_or_fill(fixture.stream, kNoProducer, receive, options, kNever).has_value());
  CHECK(received == kWhole);
  leader.wait();
}

TEST_CASE("an answer that is incomplete or refused is delivered and not stored") {
  Callers fixture;
  const auto incomplete = fixture.call(fixture.response, produces({"{\"half"}));
  REQUIRE(incomplete.filled.has_value());
  CHECK(incomplete.received == "{\"half");
  CHECK_FALSE(incomplete.filled->reason.empty());
  FillOptions picky;
  picky.refuse = [](const Answer&) { return std::string("not today"); };
  CHECK(fixture.call(fixture.response, produces({"{}"}), picky).filled->reason == "not today");
  CHECK(fixture.call(fixture.response, produces({"{}"})).filled->source == Source::producer);
}

TEST_CASE("a leader that abandons its flight frees its followers at once, while its producer still runs") {
  Callers fixture;
  std::promise<void> leads;
  std::promise<void> other_is_done;
  auto leader = fixture.call_in_background(fixture.stream, [&](AnswerWriter& writer) -> Status {
    writer.abandon();
    leads.set_value();
    other_is_done.get_future().wait();
    return produces({"data: late\n\n"})(writer);
  });
  leads.get_future().wait();
  CHECK(fixture.call(fixture.stream, produces(kEvents)).filled->source == Source::producer);
  other_is_done.set_value();
  CHECK_FALSE(leader.get().filled->reason.empty());
  CHECK(fixture.call(fixture.stream, kNoProducer).received == kWhole);
}

TEST_CASE("a follower waits no longer than the option says, and then produces only for itself") {
  Callers fixture;
  WaitingLeader leader(fixture, fixture.response, "the leader's");
  const auto impatient = fixture.call(fixture.response, produces({"its own"}), {.wait = 5ms});
  REQUIRE(impatient.filled.has_value());
  CHECK(impatient.received == "its own");
  CHECK_FALSE(impatient.filled->reason.empty());
  leader.answer();
  CHECK(fixture.call(fixture.response, kNoProducer).received == "the leader's");
}

TEST_CASE("at its deadline a follower fails with a timeout") {
  Callers fixture;
  WaitingLeader leader(fixture, fixture.response, "answer");
  const auto follower = fixture.call(fixture.response, kNoProducer, {}, Deadline::after(5ms));
  REQUIRE_FALSE(follower.filled.has_value());
  CHECK(follower.filled.error().code == ErrorCode::timeout);
  CHECK(leader.answer().filled.has_value());
}

TEST_CASE("a producer that has to wait prepares the store meanwhile") {
  Callers fixture;
  auto owned = std::make_unique<PreparedStore>(fixture.store);
  const PreparedStore& store = *owned;
  const auto cache = Cache::create(std::move(owned), fixture.options()).value();
  const auto produce = [&](AnswerWriter& writer) -> Status {
    writer.prepare();
    CHECK(store.prepared);
    return writer.write("answer");
  };
  const auto receive = [](std::string_view) -> Status { return {}; };
  CHECK(cache->get_or_fill(fixture.response, produce, receive, {}, kNever)->storing == Filled::Storing::stored);
  CHECK(fixture.call(fixture.response, kNoProducer).received == "answer");
}

TEST_CASE("a store that shares a stream too slowly does not delay the leader") {
  Callers fixture;
  auto owned = std::make_unique<SlowFlights>(fixture.store);
  const SlowFlights& store = *owned;
  const auto cache = Cache::create(std::move(owned), fixture.options()).value();
  const std::vector<std::string> pieces(200, "data: piece\n\n");
  const auto receive = [](std::string_view) -> Status { return {}; };
  CHECK(cache->get_or_fill(fixture.stream, produces(pieces), receive, {}, kNever)->storing == Filled::Storing::stored);
  CHECK(store.appended > 1);
  CHECK(store.appended < 100);
}

TEST_CASE("after its deadline a producer cannot write any more") {
  Callers fixture;
  const auto deadline = Deadline::after(20ms);
  const auto produce = [&](AnswerWriter& writer) -> Status {
    while (!deadline.expired()) std::this_thread::yield();
    return writer.write("late");
  };
  const auto late = fixture.call(fixture.response, produce, {}, deadline);
  REQUIRE_FALSE(late.filled.has_value());
  CHECK(late.filled.error().code == ErrorCode::timeout);
  CHECK(late.received.empty());
}

TEST_CASE("a store that is down is reported as an event, and the answer is produced without it") {
  CacheFixture fixture;
  const auto cache = Cache::create(std::make_unique<UnavailableStore>(), fixture.options()).value();
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

TEST_CASE("a receiver that fails ends the producer, and its failure is returned") {
  Callers fixture;
  const auto refuse = [](std::string_view) -> Status { return fail(ErrorCode::refused, "the reader is gone"); };
  const auto endless = [](AnswerWriter& writer) -> Status {
    for (;;) {
      if (auto written = writer.write("data: piece\n\n"); !written) return written;
    }
  };
  const auto filled = fixture.process()->get_or_fill(fixture.stream, endless, refuse, {}, kNever);
  REQUIRE_FALSE(filled.has_value());
  CHECK(filled.error().message == "the reader is gone");
  CHECK(fixture.call(fixture.stream, produces(kEvents)).filled->source == Source::producer);
}
