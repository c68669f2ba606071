#include <catch2/catch_test_macros.hpp>
#include <set>

#include "unit/cache/cache_fixture.h"

using namespace libcache;
using namespace std::chrono_literals;

namespace {

std::set<std::string> names(Store& store) {
  std::set<std::string> found;
  REQUIRE(store.scan(
      "", 0,
      [&](const ScanRow& listing) -> Result<bool> {
        found.insert(listing.name);
        return true;
      },
      kNever));
  return found;
}

}  // namespace

TEST_CASE("purging an empty prefix is refused and removes nothing") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  REQUIRE(fixture.store->put("a", "x", {}, kNever).value());
  const auto purged = cache->purge({}, kNever);
  REQUIRE_FALSE(purged);
  CHECK(purged.error().code == ErrorCode::policy);
  CHECK(names(*fixture.store).size() == 1);
}

TEST_CASE("with all, an empty prefix removes every entry and leaves foreign values alone") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  REQUIRE(cache->put(cache->key(kRequest).value(), CacheFixture::response("x"), {}, kNever).value());
  REQUIRE(fixture.store->put("another application's", "x", {}, kNever).value());
  PurgeFilter filter;
  filter.all = true;
  CHECK(cache->purge(filter, kNever).value().entries == 1);
  CHECK(names(*fixture.store) == std::set<std::string>{"another application's"});
}

TEST_CASE("a purge of a session leaves the sessions whose names start with its name") {
  CacheFixture fixture;
  const std::string hash = "0123456789abcdef0123456789abcdef";
  auto options = fixture.options();
  options.key.session = "team";
  const auto cache = fixture.make(options);
  const std::set<std::string> others{"llmcache:team_A_" + hash, "llmcache:team_" + hash + "_stream_" + hash,
                                     "llmcache:team_" + hash + "_sample_evil", "team_" + hash,
                                     "llmcache:teams_" + hash};
  for (const auto& name : others) REQUIRE(fixture.store->put(name, "x", {}, kNever).value());
  for (const auto* suffix : {"", "_stream", "_at_0123456789abcdef", "_sample_2"}) {
    REQUIRE(fixture.store->put("llmcache:team_" + hash + suffix, "x", {}, kNever).value());
  }
  PurgeFilter filter;
  filter.session_only = true;
  filter.prefix = "llmcache:team_" + hash + "_sample";
  CHECK(cache->purge(filter, kNever).value().entries == 1);
  filter.prefix = "llmcache:";
  CHECK(cache->purge(filter, kNever).value().entries == 3);
  CHECK(names(*fixture.store) == others);
}

TEST_CASE("a purge takes its prefix literally") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  for (const auto* name : {"pre[x]:*1", "pre[x]:*2", "prex:*3", "pre[x]:4"}) {
    REQUIRE(fixture.store->put(name, "x", {}, kNever).value());
  }
  PurgeFilter filter;
  filter.prefix = "pre[x]:*";
  CHECK(cache->purge(filter, kNever).value().entries == 2);
  CHECK(names(*fixture.store) == std::set<std::string>{"prex:*3", "pre[x]:4"});
}

TEST_CASE("a dry run lists the names that the real run removes, with the same totals") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  for (int i = 0; i < 1203; ++i) REQUIRE(fixture.store->put("p:" + std::to_string(i), "value", {}, kNever).value());
  PurgeFilter filter;
  filter.prefix = "p:1";
  std::set<std::string> announced;
  filter.on_batch = [&](std::span<const ScanRow> batch) {
    for (const ScanRow& listing : batch) announced.insert(listing.name);
    return true;
  };
  filter.dry_run = true;
  const auto before = names(*fixture.store);
  const auto promised = cache->purge(filter, kNever).value();
  CHECK(names(*fixture.store) == before);
  filter.dry_run = false;
  filter.on_batch = nullptr;
  const auto done = cache->purge(filter, kNever).value();
  CHECK(done.entries == promised.entries);
  CHECK(done.bytes == promised.bytes);
  auto expected = before;
  for (const auto& name : announced) expected.erase(name);
  CHECK(announced.size() == promised.entries);
  CHECK(names(*fixture.store) == expected);
}

TEST_CASE("a purge that would remove more than max_delete removes nothing") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  for (const auto* name : {"p:1", "p:2", "p:3"}) REQUIRE(fixture.store->put(name, "x", {}, kNever).value());
  PurgeFilter filter;
  filter.prefix = "p:";
  filter.max_delete = 2;
  const auto purged = cache->purge(filter, kNever);
  REQUIRE_FALSE(purged);
  CHECK(purged.error().code == ErrorCode::policy);
  CHECK(cache->counters().store_errors == 0);
  CHECK(names(*fixture.store).size() == 3);
  CHECK_FALSE(cache->purge(filter, Deadline::after(Milliseconds(-1))));
  CHECK(cache->counters().store_errors == 1);
  filter.max_delete = 3;
  CHECK(cache->purge(filter, kNever).value().entries == 3);
}

TEST_CASE("a purge can select by names and by the heads of entries") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  for (const auto* model : {"small", "large"}) {
    Answer answer = CacheFixture::response("x");
    answer.metadata.model = model;
    const auto key = cache->key(std::string(R"({"model":")") + model + "\"}").value();
    REQUIRE(cache->put(key, answer, {}, kNever).value());
  }
  PurgeFilter filter;
  filter.prefix = "llmcache:";
  filter.accept = [](const ScanRow&, const EntryHead&) { return false; };
  CHECK(cache->purge(filter, kNever).value().entries == 0);
  filter.accept = [](const ScanRow&, const EntryHead& head) { return head.metadata.model == "large"; };
  CHECK(cache->purge(filter, kNever).value().entries == 1);
  CHECK(names(*fixture.store) == std::set{cache->key(R"({"model":"small"})").value().response_name});
}

TEST_CASE("an interrupted purge has removed whole batches, and running it again removes the rest") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  for (int i = 0; i < 25; ++i) REQUIRE(fixture.store->put("p:" + std::to_string(i), "x", {}, kNever).value());
  PurgeFilter filter;
  filter.prefix = "p:";
  filter.batch = 10;
  std::vector<std::size_t> batches;
  filter.on_batch = [&](std::span<const ScanRow> batch) {
    batches.push_back(batch.size());
    return batches.size() != 2;
  };
  CHECK(cache->purge(filter, kNever).value().entries == 10);
  CHECK(names(*fixture.store).size() == 15);
  CHECK(cache->purge(filter, kNever).value().entries == 15);
  CHECK(names(*fixture.store).empty());
  CHECK(batches == std::vector<std::size_t>{10, 10, 10, 5});
}

TEST_CASE("a purge can be stopped between batches") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  for (int i = 0; i < 1100; ++i) REQUIRE(fixture.store->put("p:" + std::to_string(i), "x", {}, kNever).value());
  PurgeFilter filter;
  filter.prefix = "p:";
  filter.on_batch = [calls = 0](std::span<const ScanRow>) mutable { return ++calls == 1; };
  CHECK(cache->purge(filter, kNever).value().entries == 500);
  CHECK(names(*fixture.store).size() == 600);
}

TEST_CASE("a purge leaves an entry that was stored again after it was listed") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto old_key = cache->key(R"({"n":1})").value();
  const auto key = cache->key(R"({"n":2})").value();
  for (const auto& each : {old_key, key}) {
    REQUIRE(cache->put(each, CacheFixture::response("{\"a\":1}"), {.ttl = Ttl::never()}, kNever).value());
  }
  fixture.clock.advance(10min);
  PurgeFilter filter;
  filter.prefix = "llmcache:";
  SECTION("selected by its head") {
    filter.accept = [](const ScanRow&, const EntryHead&) { return true; };
  }
  SECTION("selected by its name") {}
  filter.on_batch = [&](std::span<const ScanRow>) {
    CHECK(cache->put(key, CacheFixture::response("{\"a\":1}"), {.ttl = Ttl::never()}, kNever).value());
    return true;
  };
  CHECK(cache->purge(filter, kNever).value().entries == 1);
  CHECK(names(*fixture.store) == std::set{key.response_name});
}
