// What callers do wrong with a fill, and what must not come of it: a cut answer that is stored or passes for a whole one.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
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
  CHECK(filled.storing == Storing::failed);
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
