// Rejected entries: what keeps an answer away, for how long, and what ends that.
#include <catch2/catch_test_macros.hpp>

#include "unit/cache/cache_fixture.h"

using namespace libcache;
using namespace std::chrono_literals;

namespace {

// A cache with one entry, which is rejected a minute after it was stored.
struct Rejected {
  explicit Rejected(const Ttl& ttl = Ttl{1h}, EntryKind kind = EntryKind::response) {
    key = cache->key(kind == EntryKind::stream ? R"({"model":"m","stream":true})" : kRequest).value();
    REQUIRE(cache->put(key, CacheFixture::response("bad"), {.ttl = ttl}, kNever).value());
    value = fixture.store->get(name(), kNever).value().value();
    fixture.clock.advance(1min);
    REQUIRE(cache->reject(name(), kNever).value());
  }
  const std::string& name() const { return key.stream ? key.stream_name : key.response_name; }
  Lookup look_up() const {
    return cache->get(key, key.stream ? EntryKind::stream : EntryKind::response, kNever).value();
  }
  // What is stored after a fill that got this answer.
  Filled fill(const std::string& answer, const FillOptions& options = {}) const {
    const auto produce = [&](AnswerWriter& writer) { return writer.write(answer); };
    return cache->get_or_fill(key, produce, [](std::string_view) { return Status(); }, options, kNever).value();
  }
  bool bring_back(bool only_new) const {
    const NamedEntry entry{name(), value, std::nullopt};
    return cache->put_values({&entry, 1}, only_new, kNever).value();
  }

  CacheFixture fixture;
  std::unique_ptr<Cache> cache = fixture.make();
  RequestKey key;
  std::string value;  // of the entry before it was rejected
};

}  // namespace

TEST_CASE("a rejected entry is a miss with a reason of its own, by request and by name") {
  for (const auto kind : {EntryKind::response, EntryKind::stream}) {
    const Rejected rejected(Ttl{1h}, kind);
    CHECK_FALSE(rejected.look_up());
    CHECK(rejected.look_up().miss == MissReason::rejected);
    CHECK(rejected.cache->get_named(rejected.name(), kNever).value().miss == MissReason::rejected);
    CHECK(rejected.cache->counters().misses[static_cast<std::size_t>(MissReason::rejected)] == 3);
    CHECK(rejected.fixture.events.empty());
  }
}

TEST_CASE("a rejection lasts as long as the entry would have lived") {
  Rejected rejected(Ttl{1h});
  rejected.fixture.clock.advance(59min - 1ms);
  CHECK(rejected.look_up().miss == MissReason::rejected);
  rejected.fixture.clock.advance(1ms);
  CHECK(rejected.look_up().miss == MissReason::absent);
  CHECK(rejected.bring_back(true));
  Rejected lasting(Ttl::never());
  lasting.fixture.clock.advance(std::chrono::years(10) / 1ms * 1ms);
  CHECK(lasting.look_up().miss == MissReason::rejected);
}

TEST_CASE("values from elsewhere do not bring a rejected entry back") {
  const Rejected rejected;
  CHECK_FALSE(rejected.bring_back(true));
  CHECK_FALSE(rejected.bring_back(false));
  CHECK_FALSE(rejected.look_up());
}

TEST_CASE("a fill stores any answer but the one that was rejected") {
  const Rejected rejected;
  const Filled same = rejected.fill("bad");
  CHECK(same.storing == Filled::Storing::refused);
  CHECK(same.refusal == Refusal::rejected);
  CHECK(rejected.look_up().miss == MissReason::rejected);
  CHECK(rejected.fill("good").storing == Filled::Storing::stored);
  CHECK(rejected.look_up().entry->body().value() == "good");
}

TEST_CASE("an answer that is put, or overwrites, ends a rejection even if it is the same") {
  for (const bool only_new : {false, true}) {
    const Rejected rejected;
    CHECK(rejected.cache->put(rejected.key, CacheFixture::response("bad"), {.only_new = only_new}, kNever).value());
    CHECK(rejected.look_up().entry->body().value() == "bad");
    CHECK_FALSE(rejected.cache->put(rejected.key, CacheFixture::response("new"), {.only_new = true}, kNever).value());
  }
  const Rejected rejected;
  CHECK(rejected.fill("bad", {.overwrite = true}).storing == Filled::Storing::stored);
  CHECK(rejected.look_up());
}

TEST_CASE("clear and purge remove a rejection") {
  const Rejected cleared;
  CHECK(cleared.cache->clear(cleared.name(), kNever).value() == 1);
  CHECK(cleared.look_up().miss == MissReason::absent);
  const Rejected purged;
  PurgeFilter everything;
  everything.all = true;
  CHECK(purged.cache->purge(everything, kNever).value().entries == 1);
  CHECK(purged.look_up().miss == MissReason::absent);
}

TEST_CASE("what is missing, expired or rejected cannot be rejected, nor does a rejection get another time to live") {
  Rejected rejected;
  CHECK_FALSE(rejected.cache->reject(rejected.name(), kNever).value());
  CHECK_FALSE(rejected.cache->touch(rejected.name(), Ttl::never(), kNever).value());
  rejected.fixture.clock.advance(2h);
  CHECK_FALSE(rejected.cache->reject(rejected.name(), kNever).value());
}

TEST_CASE("to a reader that does not know rejections, one is an entry that expired long ago, without an answer") {
  const Rejected rejected;
  const auto entry = Entry::open(rejected.fixture.store->get(rejected.name(), kNever).value().value()).value();
  CHECK(entry.expires() == UnixTime{});
  CHECK(entry.body().value().empty());
  CHECK_FALSE(entry.request().value());
}
