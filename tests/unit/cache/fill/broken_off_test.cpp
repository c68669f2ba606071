// What callers do wrong with a fill, and what must not come of it: a cut answer that is stored or passes for a whole one.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <thread>

#include "unit/cache/fill/callers.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using Role = Fill::Role;

namespace {

Fill begin_until(Cache& cache, const RequestKey& key, Deadline deadline = kNever) {
  return cache.begin(key, {}, deadline).value();
}

}  // namespace

TEST_CASE("an answer whose producer stopped because its receiver failed is not stored") {
  Callers callers;
  const auto cache = callers.process();
  const auto stops = [](AnswerWriter& writer) -> Status {
    while (writer.write("a line of plain text\n")) std::this_thread::sleep_for(1ms);
    return {};
  };
  const auto fails = [](std::string_view) -> Status { return fail(ErrorCode::unavailable, "the client has gone"); };
  CHECK(cache->get_or_fill(callers.response, stops, fails, {}, kNever).error().message == "the client has gone");
  CHECK_FALSE(cache->get(callers.response, EntryKind::response, kNever).value());
}

TEST_CASE("an answer of which a part came after the deadline is whole for nobody") {
  Callers callers;
  const auto cache = callers.process();
  const auto other = callers.process();
  const Deadline deadline = Deadline::after(200ms);
  Fill leader = begin_until(*cache, callers.response, deadline);
  Fill follower = begin_until(*other, callers.response);
  REQUIRE(follower.role() == Role::follow);
  REQUIRE(leader.write("Hello "));
  while (!deadline.expired()) std::this_thread::sleep_for(1ms);
  CHECK(leader.write("world").error().code == ErrorCode::timeout);
  const Filled filled = leader.finish();
  CHECK(filled.storing == Storing::none);
  CHECK_FALSE(filled.store_error);
  CHECK(filled.reason == "the answer did not arrive in time");
  auto piece = follower.read(kNever);
  while (piece && !piece->done && follower.role() == Role::follow) piece = follower.read(kNever);
  CHECK_FALSE((piece && piece->done));
  CHECK_FALSE(cache->get(callers.response, EntryKind::response, kNever).value());
}

TEST_CASE("a second finish() changes nothing, and nor does one of a caller that does not lead") {
  Callers callers;
  const auto cache = callers.process();
  Fill leader = begin_until(*cache, callers.response);
  REQUIRE(leader.write("a text"));
  CHECK(leader.finish().storing == Storing::stored);
  CHECK(leader.finish().storing == Storing::stored);
  CHECK(leader.write("more").error().code == ErrorCode::invalid);
  Fill hit = begin_until(*cache, callers.response);
  REQUIRE(hit.role() == Role::hit);
  CHECK(hit.write("more").error().code == ErrorCode::invalid);
  CHECK(hit.finish().source == Source::store);
  CHECK(cache->counters().refused == Counters().refused);
}

TEST_CASE("a status that comes after the first bytes still keeps a failure from being stored") {
  Callers callers;
  const auto cache = callers.process();
  Fill leader = begin_until(*cache, callers.response);
  REQUIRE(leader.write("try later"));
  leader.describe({}, 503);
  CHECK(leader.finish().reason == "the HTTP status is 503");
  CHECK_FALSE(cache->get(callers.response, EntryKind::response, kNever).value());
}

TEST_CASE("a verdict of a recorder is kept where it is worse than what the bytes show") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  AnswerFacts facts;
  facts.http_status = 500;
  AnswerRecorder recorder(facts);
  recorder.write("try later");
  const auto key = cache->key(kRequest).value();
  CHECK(cache->put(key, std::move(recorder).finish(), {}, kNever).error().message == "the HTTP status is 500");
}

TEST_CASE("a stream is stored with all of its bytes, whatever its marks say") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(R"({"model":"m","messages":[],"stream":true})").value();
  const std::string bytes = kWhole + "data: [DONE]\n\n";
  using Mark = Recording::Mark;
  for (const std::vector<Mark>& marks : {std::vector<Mark>{}, {{5, 1ms}}, {{20, 1ms}, {3, 2ms}, {1000, 3ms}}}) {
    Answer answer;
    answer.kind = EntryKind::stream;
    answer.recording.bytes = bytes;
    answer.recording.marks = marks;
    REQUIRE(cache->put(key, answer, {}, kNever));
    CHECK(cache->get(key, EntryKind::stream, kNever)->entry->body() == bytes);
  }
}

TEST_CASE("texts of a caller that are too long for an entry are shortened") {
  CacheFixture fixture;
  CacheOptions options = fixture.options();
  options.tool = std::string(2000, 't');
  const auto cache = fixture.make(options);
  const auto key = cache->key(kRequest).value();
  Answer answer = CacheFixture::response("a text");
  answer.metadata.content_type = std::string(1200, 'c');
  REQUIRE(cache->put(key, answer, {}, kNever));
  CHECK(cache->get(key, EntryKind::response, kNever)->entry->metadata()->tool.size() == 64);
}

TEST_CASE("a cache without a clock and a fill without callbacks are refused") {
  CacheFixture fixture;
  CacheOptions options = fixture.options();
  options.clock = nullptr;
  CHECK(Cache::create(std::make_unique<SharedStore>(fixture.store), options).error().code == ErrorCode::invalid);
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  CHECK(cache->get_or_fill(key, nullptr, nullptr, {}, kNever).error().code == ErrorCode::invalid);
}

TEST_CASE("a child of a fork that destroys its copy of a fill does not end the flight of its parent") {
  Callers callers;
  const auto cache = callers.process();
  auto leader = std::make_unique<Fill>(begin_until(*cache, callers.response));
  REQUIRE(leader->write("a "));
  const pid_t child = ::fork();
  if (child == 0) {
    leader.reset();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  REQUIRE(leader->write("text"));
  CHECK(leader->finish().storing == Storing::stored);
}

TEST_CASE("a fill whose producer ignores that its writes come too late fails with a timeout") {
  Callers callers;
  const auto cache = callers.process();
  const Deadline deadline = Deadline::after(100ms);
  std::string received;
  const auto ignores = [&](AnswerWriter& writer) -> Status {
    (void)writer.write("a part ");
    while (!deadline.expired()) std::this_thread::sleep_for(1ms);
    (void)writer.write("and the rest");
    return {};
  };
  const auto receive = [&](std::string_view bytes) -> Status {
    received += bytes;
    return {};
  };
  const auto filled = cache->get_or_fill(callers.response, ignores, receive, {}, deadline);
  REQUIRE_FALSE(filled.has_value());
  CHECK(filled.error().code == ErrorCode::timeout);
  CHECK(received == "a part ");
}

TEST_CASE("an answer that is finished after the deadline does not count as a failure of the store") {
  Callers callers;
  const auto cache = callers.process();
  const Deadline deadline = Deadline::after(100ms);
  Fill leader = begin_until(*cache, callers.response, deadline);
  REQUIRE(leader.write("a text"));
  while (!deadline.expired()) std::this_thread::sleep_for(1ms);
  const Filled filled = leader.finish();
  CHECK(filled.storing == Storing::none);
  CHECK_FALSE(filled.store_error);
  CHECK(filled.reason == "the deadline had passed before it could be stored");
  CHECK(cache->counters().store_errors == 0);
}

TEST_CASE(
    "an answer that a follower produces because its leader takes too long does not count as a failure of the store") {
  Callers callers;
  const std::shared_ptr<Cache> cache = callers.process();
  Fill leader = begin_until(*cache, callers.response);
  FillOptions options;
  options.wait = 10ms;
  options.require_store = GENERATE(true, false);
  const Call call = Callers::call_with(cache, callers.response, produces({"own"}), options);
  REQUIRE(call.filled.has_value());
  CHECK(call.received == "own");
  CHECK(call.filled->storing == Storing::none);
  CHECK_FALSE(call.filled->store_error);
  CHECK(call.filled->reason == "another caller is taking too long to answer the same request");
  CHECK(cache->counters().failed_lookups == 0);
  leader.abandon();
}

TEST_CASE("bytes of a flight without a whole head are not taken for an answer") {
  // A leader that shares what is not a flight of llmcache.
  struct Tail final : LiveTail {
    explicit Tail(std::string text) : bytes(std::move(text)) {}
    Result<News> read(Deadline) override { return News{bytes, FlightState::complete, bytes.size()}; }
    std::string bytes;
  };
  struct Odd final : SharedStore, Flights {
    Odd(std::shared_ptr<Store> store, std::string text) : SharedStore(std::move(store)), bytes(std::move(text)) {}
    Flights* flights() override { return this; }
    Result<Flight> join(std::string_view, Deadline) override {
      return Flight{.lease = nullptr, .tail = std::make_unique<Tail>(bytes)};
    }
    std::string bytes;
  };
  Callers callers;
  const std::string shared = GENERATE("", R"({"choices":[{"message":{"content":"somebody else's answer"}}]})");
  const std::shared_ptr<Cache> cache =
      Cache::create(std::make_unique<Odd>(callers.store, shared), callers.options()).value();
  const Call call = Callers::call_with(cache, callers.response, produces({"own"}));
  CHECK(call.received == "own");
  CHECK(call.filled->source == Source::producer);
}
