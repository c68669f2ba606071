// A fill that is driven by its caller, without callbacks.
#include <atomic>
#include <catch2/catch_test_macros.hpp>

#include "unit/cache/fill/callers.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using Role = Fill::Role;

namespace {

Fill begin(Cache& cache, const RequestKey& key, FillOptions options = {}) {
  return cache.begin(key, std::move(options)).value();
}

// Reads to the end, or until the role changes.
std::string read_all(Fill& fill) {
  std::string all;
  const Role role = fill.role();
  while (fill.role() == role) {
    const auto piece = fill.read(kNever).value();
    all += piece.bytes;
    if (piece.done) break;
  }
  return all;
}

}  // namespace

TEST_CASE("the first fill leads, the second follows it piece by piece, and the third is a hit") {
  Callers callers;
  const auto cache = callers.process();
  const auto other = callers.process();
  Fill leader = begin(*cache, callers.stream);
  REQUIRE(leader.role() == Role::lead);
  CHECK(leader.lookup().miss == MissReason::absent);
  Fill follower = begin(*other, callers.stream);
  REQUIRE(follower.role() == Role::follow);
  CHECK(follower.read(Deadline::after(1ms)).value().bytes.empty());
  CHECK(leader.is_followed());
  REQUIRE(leader.write(kEvents[0]));
  CHECK(follower.read(kNever).value().bytes == kEvents[0]);
  REQUIRE(leader.write(kEvents[1]));
  REQUIRE(leader.write(kEvents[2]));
  CHECK(leader.finish().storing == Storing::stored);
  CHECK(read_all(follower) == kEvents[1] + kEvents[2]);
  CHECK(follower.filled().source == Source::leader);
  Fill hit = begin(*cache, callers.stream);
  REQUIRE(hit.role() == Role::hit);
  CHECK(read_all(hit) == kWhole);
  CHECK(hit.head()->kind == EntryKind::stream);
}

TEST_CASE("threads that share a cache follow each other in the same way") {
  Callers callers;
  const auto cache = callers.process();
  Fill leader = begin(*cache, callers.response);
  Fill follower = begin(*cache, callers.response);
  REQUIRE(follower.role() == Role::follow);
  REQUIRE(leader.write("answer"));
  (void)leader.finish();
  CHECK(read_all(follower) == "answer");
}

TEST_CASE("a leader that does not share with threads is followed by them to its end, and by processes piece by piece") {
  Callers callers;
  const auto cache = callers.process();
  const auto other = callers.process();
  FillOptions options;
  options.share_with_threads = false;
  Fill leader = begin(*cache, callers.stream, options);
  Fill thread = begin(*cache, callers.stream);
  Fill process = begin(*other, callers.stream);
  REQUIRE(thread.role() == Role::follow);
  CHECK(leader.is_followed());
  REQUIRE(leader.write(kEvents[0]));
  CHECK(thread.read(Deadline::after(1ms)).value().bytes.empty());
  CHECK(process.read(kNever).value().bytes == kEvents[0]);
  SECTION("which finds it in the store") {
    REQUIRE(leader.write(kEvents[1]));
    REQUIRE(leader.write(kEvents[2]));
    CHECK(leader.finish().storing == Storing::stored);
    CHECK(read_all(thread).empty());
    REQUIRE(thread.role() == Role::hit);
    CHECK(read_all(thread) == kWhole);
  }
  SECTION("or leads if there is none") {
    leader.abandon();
    CHECK(read_all(thread).empty());
    CHECK(thread.role() == Role::lead);
  }
}

TEST_CASE("a follower whose leader abandons the flight leads, and so does every other one") {
  Callers callers;
  const auto cache = callers.process();
  const auto other = callers.process();
  Fill leader = begin(*cache, callers.stream);
  Fill one = begin(*cache, callers.stream);
  Fill another = begin(*other, callers.stream);
  SECTION("by calling abandon()") {
    leader.abandon();
    REQUIRE(leader.write("data: late\n\n"));
    CHECK(leader.finish().storing == Storing::none);
  }
  SECTION("by being destroyed") {
    const Fill gone = std::move(leader);
  }
  SECTION("by a broken answer") {
    Fill broken = std::move(leader);
    CHECK(broken.finish().storing == Storing::refused);
  }
  for (Fill* follower : {&one, &another}) {
    CHECK(read_all(*follower).empty());
    REQUIRE(follower->role() == Role::lead);
    CHECK_FALSE(follower->is_followed());
  }
  for (Fill* follower : {&one, &another}) {
    REQUIRE(follower->write(kWhole));
    CHECK(follower->finish().storing == Storing::stored);
  }
}

TEST_CASE("facts that only the leader knows about an answer reach its followers and the store") {
  Callers callers;
  const auto cache = callers.process();
  const auto other = callers.process();
  FillOptions options;
  options.ttl = Ttl{1min};
  options.metadata.provider = "somebody";
  Fill leader = begin(*cache, callers.stream, options);
  Fill follower = begin(*other, callers.stream);
  leader.describe({.content_type = "text/event-stream"}, 200);
  REQUIRE(leader.write(kWhole));
  CHECK(follower.read(kNever).value().bytes == kWhole);
  CHECK(follower.head()->metadata.content_type == "text/event-stream");
  CHECK(follower.head()->metadata.provider == "somebody");
  (void)leader.finish();
  const EntryHead stored = begin(*cache, callers.stream).head().value();
  CHECK(stored.metadata.content_type == "text/event-stream");
  CHECK(stored.metadata.provider == "somebody");
  CHECK(stored.expires == stored.created + 1min);
}

TEST_CASE("a status that is known to be a failure keeps any body out of the store") {
  Callers callers;
  const auto cache = callers.process();
  for (const int status : {503, 429, 302}) {
    Fill leader = begin(*cache, callers.response);
    leader.describe({}, status);
    REQUIRE(leader.write("a normal text"));
    const Filled filled = leader.finish();
    CHECK(filled.storing == Storing::refused);
    CHECK(filled.refusal == (status < 400 ? Refusal::incomplete : Refusal::error));
  }
  CHECK_FALSE(cache->put(callers.response, CacheFixture::response("{}"), {.facts = {.http_status = 500}}, kNever));
}

TEST_CASE("an answer much larger than max_entry is no longer recorded, but still shared") {
  Callers callers;
  CacheOptions options = callers.options();
  options.max_entry = 1000;
  const auto cache = callers.process(options);
  const auto other = callers.process();
  Fill leader = begin(*cache, callers.response);
  Fill follower = begin(*other, callers.response);
  const std::string piece(1001, 'x');
  for (int i = 0; i < 100; ++i) REQUIRE(leader.write(piece));
  const Filled filled = leader.finish();
  CHECK(filled.storing == Storing::refused);
  CHECK(filled.refusal == Refusal::too_large);
  CHECK(read_all(follower).size() == 100 * piece.size());
  CHECK(cache->counters().refused[static_cast<std::size_t>(Refusal::too_large)] == 1);
}

TEST_CASE("a caller does not follow a request that has the same name but another proof") {
  Callers callers;
  CacheOptions ignoring = callers.options();
  ignoring.key.ignore = {"/user"};
  const auto first = callers.process(ignoring);
  const auto second = callers.process();
  const RequestKey with_user = first->key(R"({"model":"m","messages":[],"user":"u"})").value();
  REQUIRE(with_user.response_name == callers.response.response_name);
  Fill leader = begin(*first, with_user);
  Fill other = begin(*second, callers.response);
  REQUIRE(other.role() == Role::follow);
  REQUIRE(leader.write("an answer for u"));
  CHECK(other.read(kNever).value().bytes.empty());
  CHECK(other.role() == Role::lead);
  (void)leader.finish();
}

TEST_CASE("on_begin is called once, before the first byte, for answers from every source") {
  Callers callers;
  std::vector<std::string> seen;
  std::atomic<int> calls{0};
  FillOptions options;
  options.metadata.content_type = "text/plain";
  options.on_begin = [&](Source source, const EntryHead& head) -> Status {
    const char* const names[] = {"store", "leader", "producer"};
    seen.push_back(names[static_cast<int>(source)] + (' ' + head.metadata.content_type));
    ++calls;
    calls.notify_all();
    return {};
  };
  CHECK(callers.call(callers.response, produces({"one", "two"}), options).received == "onetwo");
  CHECK(callers.call(callers.response, kNoProducer, options).received == "onetwo");
  const auto cache = callers.process();
  Fill leader = begin(*cache, callers.stream, {.metadata = options.metadata});
  auto follower = callers.call_in_background(callers.stream, kNoProducer, options);
  callers.wait_for_followers(1);
  REQUIRE(leader.write(kWhole));
  calls.wait(2);  // the follower has begun; otherwise it might find the answer stored
  (void)leader.finish();
  CHECK(follower.get().received == kWhole);
  CHECK(seen == std::vector<std::string>{"producer text/plain", "store text/plain", "leader text/plain"});
}

TEST_CASE("a failure of the store is not a refusal by the policy, and fails the fill if the options say so") {
  Callers callers;
  auto broken = Cache::create(std::make_unique<UnavailableStore>(), callers.options()).value();
  Fill fill = begin(*broken, callers.response);
  CHECK(fill.role() == Role::lead);
  REQUIRE(fill.store_error());
  CHECK(fill.store_error()->code == ErrorCode::unavailable);
  REQUIRE(fill.write("answer"));
  const Filled filled = fill.finish();
  CHECK(filled.storing == Storing::failed);
  CHECK(filled.store_error->code == ErrorCode::unavailable);
  CHECK_FALSE(filled.refusal);
  const auto required = broken->begin(callers.response, {.require_store = true});
  REQUIRE_FALSE(required);
  CHECK(required.error().code == ErrorCode::unavailable);
  CHECK(broken->counters().failed_lookups == 2);
}

TEST_CASE("an outage is reported once in 10 seconds, however many fills it affects") {
  Callers callers;
  auto broken = Cache::create(std::make_unique<UnavailableStore>(), callers.options()).value();
  for (int i = 0; i < 109; ++i) (void)begin(*broken, callers.response);
  CHECK(callers.events.size() == 1);
  callers.clock.advance(10s);
  (void)begin(*broken, callers.response);
  REQUIRE(callers.events.size() == 2);
  CHECK(callers.events[1].name == "fill.uncached");
  CHECK(callers.events[1].key == callers.response.response_name);
  CHECK(callers.events[1].message.find("108 more") != std::string::npos);
}
