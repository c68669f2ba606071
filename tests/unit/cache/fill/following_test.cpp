// How followers continue when a flight ends: stored, complete but not stored, refused, or with a dead leader.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <stdexcept>

#include "unit/cache/fill/callers.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;

namespace {

// A store that cannot be written.
class FullStore : public FlyingStore {
 public:
  using FlyingStore::FlyingStore;
  Result<bool> put(std::string_view, std::string_view, const PutOptions&, Deadline) override {
    return fail(ErrorCode::refused, "the disk is full");
  }
};

// Waits until this many threads have arrived.
class Barrier {
 public:
  explicit Barrier(int count) : missing_(count) {}
  void arrive_and_wait() {
    --missing_;
    missing_.notify_all();
    for (int now = missing_; now > 0; now = missing_) missing_.wait(now);
  }

 private:
  std::atomic<int> missing_;
};

std::uint64_t sum_of_misses(const Counters& counters) {
  std::uint64_t sum = 0;
  for (const auto count : counters.misses) sum += count;
  return sum;
}

}  // namespace

TEST_CASE("a complete answer that is not stored still reaches every follower") {
  const int followers = GENERATE(1, 9, 99);
  Callers callers;
  CacheOptions options = callers.options();
  bool full = false;
  SECTION("because the store fails") {
    full = true;
  }
  SECTION("because the policy refuses its finish reason") {
    options.policy.refuse = {"length"};
  }
  SECTION("because the entry is too large") {
    options.max_entry = 10;
  }
  const std::string answer = R"({"choices":[{"index":0,"message":{"content":"x"},"finish_reason":"length"}]})";
  const auto process = [&]() -> std::unique_ptr<Store> {
    if (full) return std::make_unique<FullStore>(callers.store, callers.followers);
    return std::make_unique<FlyingStore>(callers.store, callers.followers);
  };
  std::atomic<int> calls{0};
  const Producer produce = [&](AnswerWriter& writer) -> Status {
    ++calls;
    callers.wait_for_followers(followers);
    return produces({answer.substr(0, 10), answer.substr(10)})(writer);
  };
  std::vector<std::future<Call>> all;
  for (int i = 0; i <= followers; ++i) {
    const FillOptions fill{.live = i % 2 == 0};
    all.push_back(std::async(std::launch::async, [&, fill] {
      return callers.call_with(Cache::create(process(), options).value(), callers.response, produce, fill);
    }));
  }
  for (auto& one : all) {
    const Call call = one.get();
    REQUIRE(call.filled.has_value());
    CHECK(call.received == answer);
    CHECK(call.filled->storing != Storing::stored);
    CHECK((call.filled->source == Source::leader || !call.filled->reason.empty()));
  }
  CHECK(calls == 1);
}

TEST_CASE("followers of a leader without an answer produce their own, all at the same time") {
  const int followers = GENERATE(1, 9, 99);
  Callers callers;
  enum class Ending { incomplete, error, fails, throws };
  const auto ending = GENERATE(Ending::incomplete, Ending::error, Ending::fails, Ending::throws);
  Barrier all_produce(followers);
  std::atomic<int> calls{0};
  const Producer produce = [&](AnswerWriter& writer) -> Status {
    if (++calls > 1) {
      all_produce.arrive_and_wait();
      return writer.write("answer");
    }
    callers.wait_for_followers(followers);
    if (ending == Ending::fails) return fail(ErrorCode::unavailable, "no answer today");
    if (ending == Ending::throws) throw std::runtime_error("no answer today");
    return writer.write(ending == Ending::error ? R"({"error":{"message":"quota"}})" : "{\"half");
  };
  // They get nothing of what a leader writes before it is known whether that is an answer.
  std::vector<std::future<Call>> all;
  for (int i = 0; i <= followers; ++i) {
    all.push_back(callers.call_in_background(callers.response, produce, {.live = false}));
  }
  int answered = 0;
  for (auto& one : all) {
    try {
      answered += one.get().received == "answer" ? 1 : 0;
    } catch (const std::runtime_error&) {
      CHECK(ending == Ending::throws);
    }
  }
  CHECK(answered == followers);
  CHECK(calls == followers + 1);
  CHECK(callers.call(callers.response, kNoProducer).received == "answer");
}

TEST_CASE("a follower that has delivered a part fails when its leader fails, and does not mix two answers") {
  Callers callers;
  std::promise<void> leads;
  std::promise<void> first_arrived;
  auto leader = callers.call_in_background(callers.stream, [&](AnswerWriter& writer) -> Status {
    (void)writer.write(kEvents[0]);
    leads.set_value();
    first_arrived.get_future().wait();
    return fail(ErrorCode::unavailable, "the connection broke");
  });
  leads.get_future().wait();
  std::function<void()> before_the_end = [] {};
  std::string received;
  const auto receive = [&](std::string_view bytes) -> Status {
    if (received.empty()) {
      before_the_end();
      first_arrived.set_value();
    }
    received += bytes;
    return {};
  };
  SECTION("if no answer has been stored") {
    const auto filled = callers.process()->get_or_fill(callers.stream, kNoProducer, receive, {}, kNever);
    REQUIRE_FALSE(filled.has_value());
    CHECK(filled.error().code == ErrorCode::corrupt);
    CHECK(received == kEvents[0]);
  }
  SECTION("even if another answer has been stored by then") {
    before_the_end = [&] { callers.call(callers.stream, produces({"data: another\n\n"}), {.overwrite = true}); };
    const auto filled = callers.process()->get_or_fill(callers.stream, kNoProducer, receive, {}, kNever);
    REQUIRE_FALSE(filled.has_value());
    CHECK(filled.error().code == ErrorCode::corrupt);
    CHECK(received == kEvents[0]);
  }
  SECTION("unless the same answer has been stored by then: then the rest of it follows") {
    before_the_end = [&] { callers.call(callers.stream, produces(kEvents), {.overwrite = true}); };
    const auto filled = callers.process()->get_or_fill(callers.stream, kNoProducer, receive, {}, kNever);
    REQUIRE(filled.has_value());
    CHECK(received == kWhole);
  }
  leader.wait();
}

TEST_CASE("a leader whose receiver fails continues for its followers, and the answer is stored") {
  Callers callers;
  std::promise<void> receiver_failed;
  const auto fails = [&](std::string_view) -> Status {
    receiver_failed.set_value();
    return fail(ErrorCode::refused, "the reader is gone");
  };
  auto follower = std::async(std::launch::async, [&] {
    callers.leader_is_there.get_future().wait();
    return callers.call(callers.stream, kNoProducer);
  });
  const auto produce = [&](AnswerWriter& writer) -> Status {
    callers.leader_is_there.set_value();
    callers.wait_for_followers(1);
    if (auto written = writer.write(kEvents[0]); !written) return written;
    receiver_failed.get_future().wait();
    return produces({kEvents[1], kEvents[2]})(writer);
  };
  const auto led = callers.process()->get_or_fill(callers.stream, produce, fails, {}, kNever);
  REQUIRE_FALSE(led.has_value());
  CHECK(led.error().message == "the reader is gone");
  const Call followed = follower.get();
  REQUIRE(followed.filled.has_value());
  CHECK(followed.received == kWhole);
  CHECK(callers.call(callers.stream, kNoProducer).received == kWhole);
}

TEST_CASE("a leader whose receiver fails continues without followers if the options say so") {
  Callers callers;
  const auto fails = [](std::string_view) -> Status { return fail(ErrorCode::refused, "the reader is gone"); };
  const FillOptions keep{.keep_producing = true};
  CHECK_FALSE(callers.process()->get_or_fill(callers.stream, produces(kEvents), fails, keep, kNever).has_value());
  CHECK(callers.call(callers.stream, kNoProducer).received == kWhole);
}

TEST_CASE("a slow receiver delays neither the followers nor the recording") {
  Callers callers;
  std::promise<void> released;
  auto release = released.get_future().share();
  const auto slow = [&](std::string_view) -> Status {
    release.wait();
    return {};
  };
  const auto produce = [&](AnswerWriter& writer) -> Status {
    callers.leader_is_there.set_value();
    callers.wait_for_followers(1);
    return produces(kEvents)(writer);
  };
  auto leader = std::async(std::launch::async,
                           [&] { return callers.process()->get_or_fill(callers.stream, produce, slow, {}, kNever); });
  callers.leader_is_there.get_future().wait();
  CHECK(callers.call(callers.stream, kNoProducer).received == kWhole);
  CHECK(callers.call(callers.stream, kNoProducer).received == kWhole);
  released.set_value();
  CHECK(leader.get().has_value());
}

TEST_CASE("an exception of a callback propagates and leaves the cache intact") {
  Callers callers;
  const std::shared_ptr<Cache> cache = callers.process();
  const auto nothing = [](std::string_view) -> Status { return {}; };
  const Producer thrower = [](AnswerWriter& writer) -> Status {
    (void)writer.write("half");
    throw std::runtime_error("producer");
  };
  CHECK_THROWS_AS(cache->get_or_fill(callers.response, thrower, nothing, {}, kNever), std::runtime_error);
  const auto throwing = [](std::string_view) -> Status { throw std::logic_error("receiver"); };
  CHECK_THROWS_AS(cache->get_or_fill(callers.stream, produces(kEvents), throwing, {}, kNever), std::logic_error);
  FillOptions options;
  options.on_begin = [](Source, const EntryHead&) -> Status { throw std::domain_error("on_begin"); };
  CHECK_THROWS_AS(cache->get_or_fill(callers.stream, produces(kEvents), nothing, options, kNever), std::domain_error);
  CHECK(callers.call_with(cache, callers.response, produces({"whole"})).received == "whole");
}

TEST_CASE("a complete answer reaches its followers although the leader's refuse throws") {
  Callers callers;
  const auto elsewhere = callers.process();
  const auto cache = callers.process();
  FillOptions options;
  options.refuse = [](const Answer&) -> std::string { throw std::runtime_error("refuse"); };
  Fill leader = elsewhere->begin(callers.response, options).value();
  Fill follower = cache->begin(callers.response).value();
  REQUIRE(leader.write("answer"));
  CHECK(follower.read(kNever).value().bytes == "answer");
  CHECK_THROWS_AS(leader.finish(), std::runtime_error);
  const auto end = follower.read(kNever);
  REQUIRE(end.has_value());
  CHECK(end->done);
  CHECK(cache->begin(callers.response).value().role() == Fill::Role::lead);
}

TEST_CASE("a lookup is counted once although a callback throws") {
  Callers callers;
  CacheOptions options = callers.options();
  bool throws = true;
  std::unique_ptr<Store> store = std::make_unique<FlyingStore>(callers.store, callers.followers);
  SECTION("on_use") {
    options.on_use = [&](const Use&) {
      if (throws) throw std::runtime_error("on_use");
    };
  }
  SECTION("an event of the store") {
    struct Throwing final : SharedStore {
      Throwing(std::shared_ptr<Store> inner, bool& flag) : SharedStore(std::move(inner)), throws(flag) {}
      Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) override {
        if (throws) throw std::runtime_error("event");
        return SharedStore::get(name, deadline);
      }
      bool& throws;
    };
    store = std::make_unique<Throwing>(callers.store, throws);
  }
  const auto cache = Cache::create(std::move(store), options).value();
  const auto total = [&] {
    const Counters counters = cache->counters();
    return counters.hits + sum_of_misses(counters) + counters.followed + counters.failed_lookups;
  };
  CHECK_THROWS_AS(cache->get(callers.response, EntryKind::response, kNever), std::runtime_error);
  CHECK(total() == 1);
  CHECK_THROWS_AS(cache->begin(callers.response), std::runtime_error);
  CHECK(total() == 2);
  throws = false;
  CHECK(cache->begin(callers.response).value().role() == Fill::Role::lead);
  CHECK(total() == 3);
}

TEST_CASE("the counts of hits, misses and followed fills add up to the number of requests") {
  const int callers_at_once = GENERATE(2, 10, 100);
  Callers callers;
  const std::shared_ptr<Cache> cache = callers.process();
  const bool succeeds = GENERATE(true, false);
  std::atomic<int> calls{0};
  const Producer produce = [&](AnswerWriter& writer) -> Status {
    if (++calls == 1 && !succeeds) return fail(ErrorCode::unavailable, "no answer today");
    return writer.write("answer");
  };
  std::vector<std::future<Call>> all;
  for (int i = 0; i < callers_at_once; ++i) {
    all.push_back(std::async(std::launch::async, [&] { return callers.call_with(cache, callers.response, produce); }));
  }
  for (auto& one : all) one.wait();
  const Counters counters = cache->counters();
  CHECK(counters.hits + sum_of_misses(counters) + counters.followed == static_cast<std::uint64_t>(callers_at_once));
  CHECK(sum_of_misses(counters) == static_cast<std::uint64_t>(calls));
}
