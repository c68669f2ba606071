#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "unit/cache/cache_fixture.h"

using namespace libcache;
using namespace std::chrono_literals;

namespace {

std::uint64_t misses(const Cache& cache, MissReason reason) {
  return cache.counters().misses[static_cast<std::size_t>(reason)];
}

}  // namespace

TEST_CASE("a stored response is found again, byte for byte") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  const std::string body("text: a\0b\xff", 10);
  CHECK(cache->put(key, CacheFixture::response(body), {}, kNever).value());
  const auto found = cache->get(key, EntryKind::response, kNever).value();
  REQUIRE(found);
  CHECK(found.entry->body().value() == body);
  CHECK(cache->counters().hits == 1);
}

TEST_CASE("an unknown request is a miss, not an error") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto found = cache->get(cache->key(kRequest).value(), EntryKind::response, kNever).value();
  CHECK_FALSE(found);
  CHECK(found.miss == MissReason::absent);
  CHECK(misses(*cache, MissReason::absent) == 1);
}

TEST_CASE("a lookup before begin counts a hit and leaves a miss to begin") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  CHECK_FALSE(cache->get_before_begin(key, EntryKind::response, kNever).value());
  CHECK(misses(*cache, MissReason::absent) == 0);
  CHECK(cache->begin(key, {}, kNever).value().role() == Fill::Role::lead);
  CHECK(misses(*cache, MissReason::absent) == 1);
  REQUIRE(cache->put(key, CacheFixture::response("x"), {}, kNever).value());
  CHECK(cache->get_before_begin(key, EntryKind::response, kNever).value());
  CHECK(cache->counters().hits == 1);
}

TEST_CASE("an entry expires exactly when its TTL has passed") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  REQUIRE(cache->put(key, CacheFixture::response("x"), {.ttl = Ttl{1s}}, kNever).value());
  fixture.clock.advance(999ms);
  CHECK(cache->get(key, EntryKind::response, kNever).value());
  fixture.clock.advance(1ms);
  CHECK_FALSE(cache->get(key, EntryKind::response, kNever).value());
}

TEST_CASE("an entry expires after five minutes by default, and never if the TTL says so") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto brief = cache->key(R"({"a":1})").value();
  const auto lasting = cache->key(R"({"a":2})").value();
  REQUIRE(cache->put(brief, CacheFixture::response("x"), {}, kNever).value());
  REQUIRE(cache->put(lasting, CacheFixture::response("x"), {.ttl = Ttl::never()}, kNever).value());
  fixture.clock.advance(5min);
  CHECK_FALSE(cache->get(brief, EntryKind::response, kNever).value());
  fixture.clock.advance(std::chrono::years(10) / 1ms * 1ms);
  CHECK(cache->get(lasting, EntryKind::response, kNever).value());
}

TEST_CASE("a TTL that exceeds all dates never expires, and a TTL of 0 stores nothing") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  for (const Milliseconds ttl :
       {Milliseconds::max(), Milliseconds::max() / 2, Milliseconds(std::chrono::years(1001))}) {
    REQUIRE(cache->put(key, CacheFixture::response("x"), {.ttl = Ttl{ttl}}, kNever).value());
    const auto found = cache->get(key, EntryKind::response, kNever).value();
    REQUIRE(found);
    CHECK_FALSE(found.entry->expires());
  }
  for (const Milliseconds ttl : {0ms, -1ms, Milliseconds::min()}) {
    const auto put = cache->put(key, CacheFixture::response("x"), {.ttl = Ttl{ttl}}, kNever);
    REQUIRE_FALSE(put);
    CHECK(put.error().code == ErrorCode::policy);
  }
}

TEST_CASE("a cache without a store is an error") {
  const auto cache = Cache::create(nullptr);
  REQUIRE_FALSE(cache);
  CHECK(cache.error().code == ErrorCode::invalid);
}

TEST_CASE("an entry that stays damaged is reported once in 10 seconds, with its name") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  const auto other = cache->key(R"({"a":1})").value();
  for (const auto* damaged : {&key, &other}) REQUIRE(fixture.store->put(damaged->response_name, "damaged", {}, kNever));
  for (int i = 0; i < 5; ++i) REQUIRE(cache->get(key, EntryKind::response, kNever));
  REQUIRE(cache->get(other, EntryKind::response, kNever));
  REQUIRE(fixture.events.size() == 2);
  CHECK(fixture.events[0].key == key.response_name);
  CHECK(fixture.events[1].key == other.response_name);
  fixture.clock.advance(10s);
  REQUIRE(cache->get(key, EntryKind::response, kNever));
  REQUIRE(fixture.events.size() == 3);
  CHECK(fixture.events[2].message.find("4 more") != std::string::npos);
}

TEST_CASE("the expiry in the entry counts, whatever TTL the store has") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  REQUIRE(cache->put(key, CacheFixture::response("x"), {.ttl = Ttl{1s}}, kNever).value());
  const std::string value = fixture.store->get(key.response_name, kNever).value().value();
  REQUIRE(fixture.store->put(key.response_name, value, {}, kNever).value());
  fixture.clock.advance(1s);
  const auto found = cache->get(key, EntryKind::response, kNever).value();
  CHECK(found.miss == MissReason::expired);
}

TEST_CASE("a damaged entry is a miss that is counted and reported, never an answer") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  REQUIRE(cache->put(key, CacheFixture::response("the answer"), {}, kNever).value());
  std::string value = fixture.store->get(key.response_name, kNever).value().value();
  value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 1);
  REQUIRE(fixture.store->put(key.response_name, value, {}, kNever).value());
  const auto found = cache->get(key, EntryKind::response, kNever).value();
  CHECK(found.miss == MissReason::corrupt);
  REQUIRE(fixture.events.size() == 1);
  CHECK(fixture.events[0].name == "entry.corrupt");
}

TEST_CASE("an entry of another request under the same name is a collision, never an answer") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto asked = cache->key(R"({"a":1})").value();
  const auto other = cache->key(R"({"a":2})").value();
  REQUIRE(cache->put(other, CacheFixture::response("not yours"), {}, kNever).value());
  const std::string value = fixture.store->get(other.response_name, kNever).value().value();
  REQUIRE(fixture.store->put(asked.response_name, value, {}, kNever).value());
  const auto found = cache->get(asked, EntryKind::response, kNever).value();
  CHECK(found.miss == MissReason::collision);
  REQUIRE(fixture.events.size() == 1);
  CHECK(fixture.events[0].name == "entry.collision");
}

TEST_CASE("a response and a stream of one request are two entries, and neither is served in place of the other") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  RequestKey streamed = key;
  streamed.stream = true;
  const std::string events = "data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
  AnswerRecorder recorder;
  recorder.write(events);
  REQUIRE(cache->put(streamed, std::move(recorder).finish(), {}, kNever).value());
  CHECK_FALSE(cache->get(key, EntryKind::response, kNever).value());
  REQUIRE(cache->put(key, CacheFixture::response("whole"), {}, kNever).value());
  CHECK(cache->get(key, EntryKind::stream, kNever).value().entry->body().value() == events);
  CHECK(cache->get(key, EntryKind::response, kNever).value().entry->body().value() == "whole");
}

TEST_CASE("only_new keeps an existing entry") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  REQUIRE(cache->put(key, CacheFixture::response("first"), {}, kNever).value());
  CHECK_FALSE(cache->put(key, CacheFixture::response("second"), {.ttl = {}, .only_new = true}, kNever).value());
  CHECK(cache->get(key, EntryKind::response, kNever).value().entry->body().value() == "first");
}

TEST_CASE("an entry larger than max_entry is refused by policy and counted") {
  CacheFixture fixture;
  auto options = fixture.options();
  options.max_entry = 300;
  const auto cache = fixture.make(options);
  std::string noise;
  for (int i = 0; i < 1000; ++i) noise += static_cast<char>(i * i * 31 >> 3);
  const auto stored = cache->put(cache->key(kRequest).value(), CacheFixture::response(noise), {}, kNever);
  REQUIRE_FALSE(stored);
  CHECK(stored.error().code == ErrorCode::policy);
  CHECK(cache->counters().refused[static_cast<std::size_t>(Refusal::too_large)] == 1);
}

TEST_CASE("the canonical request is kept with the entry unless keep_request is off") {
  CacheFixture fixture;
  auto without = fixture.options();
  without.keep_request = false;
  const auto cache = GENERATE_COPY(true, false) ? fixture.make() : fixture.make(without);
  const auto key = cache->key(kRequest).value();
  REQUIRE(cache->put(key, CacheFixture::response("x"), {}, kNever).value());
  const auto request = cache->get(key, EntryKind::response, kNever).value().entry->request().value();
  CHECK(request == (cache->options().keep_request ? std::optional(key.canonical) : std::nullopt));
}

TEST_CASE("clearing a base key removes its response, stream, samples and endpoints, and nothing else") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto base = cache->key(kRequest).value().base;
  for (const auto* suffix : {"", "_stream", "_sample_1", "_sample_12_stream", "_at_0123456789abcdef_stream"}) {
    REQUIRE(fixture.store->put(base + suffix, "x", {}, kNever).value());
  }
  for (const auto* others : {"0", "_sample_evil", "_0123456789abcdef0123456789abcdef"}) {
    REQUIRE(fixture.store->put(base + others, "x", {}, kNever).value());
  }
  const auto* named_by = GENERATE("", "_stream", "_chunk_3");
  CHECK(cache->clear(base + named_by, kNever).value() == 5);
  CHECK(fixture.store->get(base + "0", kNever).value() == "x");
  CHECK(fixture.store->get(base + "_sample_evil", kNever).value() == "x");
  CHECK(cache->clear(base, kNever).value() == 0);
}

TEST_CASE("clearing the key of a sample or an endpoint leaves the other entries of the request") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto base = cache->key(kRequest).value().base;
  const std::string endpoint = base + "_at_0123456789abcdef";
  for (const auto& name : {base, base + "_sample_1", base + "_sample_1_stream", endpoint, endpoint + "_sample_1"}) {
    REQUIRE(fixture.store->put(name, "x", {}, kNever).value());
  }
  CHECK(cache->clear(base + "_sample_1_stream", kNever).value() == 2);
  CHECK(cache->clear(endpoint, kNever).value() == 2);
  CHECK(fixture.store->get(base, kNever).value() == "x");
}

TEST_CASE("clearing removes the entries whose names are known even if the scan fails") {
  class WithoutScan : public SharedStore {
   public:
    using SharedStore::SharedStore;
    Status scan(std::string_view, std::size_t, const Visitor&, Deadline) override {
      return fail(ErrorCode::timeout, "too many names");
    }
  };
  CacheFixture fixture;
  const auto cache = Cache::create(std::make_unique<WithoutScan>(fixture.store), fixture.options()).value();
  const auto key = cache->key(kRequest).value();
  REQUIRE(cache->put(key, CacheFixture::response("x"), {}, kNever).value());
  const auto cleared = cache->clear(key.base, kNever);
  REQUIRE_FALSE(cleared);
  CHECK(cleared.error().code == ErrorCode::timeout);
  CHECK(fixture.store->get(key.base, kNever).value() == std::nullopt);
  REQUIRE(fixture.store->put(key.base + "_sample_2", "x", {}, kNever).value());
  CHECK(cache->clear(key.base + "_sample_2", kNever).value() == 1);
}

TEST_CASE("clearing something that is not the name of an entry is invalid and removes nothing") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  for (const auto* name : {"user:1", "user:1_stream", "_stream", "llmcache:default_"}) {
    REQUIRE(fixture.store->put(name, "x", {}, kNever).value());
    const auto cleared = cache->clear(name, kNever);
    REQUIRE_FALSE(cleared);
    CHECK(cleared.error().code == ErrorCode::invalid);
    CHECK(fixture.store->get(name, kNever).value() == "x");
  }
}

TEST_CASE("an entry of another session, endpoint or reduced request under the same name is a collision") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  REQUIRE(cache->put(key, CacheFixture::response("x"), {}, kNever).value());
  RequestKey other = key;
  const auto collides = [&] { return cache->get(other, EntryKind::response, kNever).value().miss; };
  CHECK(collides() == MissReason::none);
  SECTION("session") {
    other.session = "another";
  }
  SECTION("endpoint") {
    other.endpoint = "https://h/";
  }
  SECTION("left out") {
    other.left_out = "/user";
  }
  CHECK(collides() == MissReason::collision);
}

TEST_CASE("a store that fails is an error, never a miss") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto found = cache->get(cache->key(kRequest).value(), EntryKind::response, Deadline::after(-1ms));
  REQUIRE_FALSE(found);
  CHECK(found.error().code == ErrorCode::timeout);
  CHECK(cache->counters().store_errors == 1);
  CHECK(misses(*cache, MissReason::absent) == 0);
}

TEST_CASE("the child of a fork leaves the store of its copy of a cache alone") {
  class Destroyed final : public SharedStore {
   public:
    Destroyed(std::shared_ptr<Store> store, bool& destroyed) : SharedStore(std::move(store)), destroyed_(destroyed) {}
    ~Destroyed() override { destroyed_ = true; }

   private:
    bool& destroyed_;
  };
  CacheFixture fixture;
  bool destroyed = false;
  auto cache = Cache::create(std::make_unique<Destroyed>(fixture.store, destroyed), fixture.options()).value();
  const pid_t child = ::fork();
  if (child == 0) {
    cache.reset();
    ::_exit(destroyed ? 1 : 0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  cache.reset();
  CHECK(destroyed);
}

TEST_CASE("two entries are not put as one") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  std::vector<NamedEntry> entries;
  for (const std::string request : {R"({"n":1})", R"({"n":2})"}) {
    const auto key = cache->key(request).value();
    REQUIRE(cache->put(key, CacheFixture::response("text"), {}, kNever));
    entries.push_back({key.response_name, fixture.store->get(key.response_name, kNever).value().value(), {}});
    REQUIRE(cache->clear(key.base, kNever) == 1U);
  }
  CHECK(cache->put_values(entries, false, kNever).error().code == ErrorCode::corrupt);
  for (const auto& entry : entries) CHECK_FALSE(fixture.store->get(entry.name, kNever).value());
}
