// Purging a Redis: in batches, by the heads of entries only, and while a cluster moves its slots.
#include <libcache/cache.h>

#include <catch2/catch_test_macros.hpp>
#include <set>

#include "stores/redis/support.h"
#include "support/redis_cluster.h"

using namespace libcache;
using namespace libcache::test;
using support::RedisCluster;
using support::RedisServer;

namespace {

constexpr int kEntries = 1200;
const Deadline kNever = Deadline::never();

// A cache with entries of two models, whose bodies are much longer than their heads, and one value of another program.
std::unique_ptr<Cache> filled(const std::string& url) {
  auto cache = Cache::create(open(url)).value();
  for (int i = 0; i < kEntries; ++i) {
    Answer answer;
    answer.metadata.model = i % 2 == 0 ? "even" : "odd";
    answer.body = std::string(5000, 'x');
    const auto key = cache->key("{\"n\":" + std::to_string(i) + "}").value();
    REQUIRE(cache->put(key, answer, {}, kNever).value());
  }
  REQUIRE(try_put(cache->store(), "theirs:1").value());
  return cache;
}

std::set<std::string> names(Store& store) {
  std::set<std::string> names;
  const auto add = [&](const ScanRow& listing) -> Result<bool> { return names.insert(listing.name).second; };
  REQUIRE(store.scan("", 0, add, kNever));
  return names;
}

PurgeFilter ours() {
  PurgeFilter filter;
  filter.prefix = "llmcache:";
  return filter;
}

}  // namespace

TEST_CASE("a purge of a Redis by model does not read bodies and removes in batches") {
  RedisServer server;
  const auto cache = filled(server.url());
  server.command({"CONFIG", "RESETSTAT"});
  PurgeFilter filter = ours();
  filter.accept = [](const ScanRow&, const EntryHead& head) { return head.metadata.model == "odd"; };
  std::vector<std::size_t> batches;
  filter.on_batch = [&](std::span<const ScanRow> batch) {
    batches.push_back(batch.size());
    return true;
  };
  CHECK(cache->purge(filter, kNever).value().entries == kEntries / 2);
  CHECK(batches == std::vector<std::size_t>{500, 100});
  CHECK(server.command({"INFO", "commandstats"}).find("cmdstat_get:") == std::string::npos);
  CHECK(cache->purge(ours(), kNever).value().entries == kEntries / 2);
  CHECK(names(cache->store()) == std::set<std::string>{"theirs:1"});
}

TEST_CASE("a purge of a cluster whose slots move meanwhile removes all of our entries and nothing else") {
  RedisCluster cluster;
  const auto cache = filled(cluster.url());
  // During the first batch, slots move from a master that has not been listed yet to the one whose entries it contains.
  PurgeFilter filter = ours();
  filter.batch = 100;
  int moved = 0;
  filter.on_batch = [&](std::span<const ScanRow> batch) {
    if (moved > 0) return true;
    const auto target = cluster.master_index_of(batch.front().name);
    for (const ScanRow& listing : batch) CHECK(cluster.master_index_of(listing.name) == target);
    const auto source = (target + 1) % RedisCluster::kMasters;
    const std::size_t first = source * 5461;
    for (std::size_t slot = first; slot < first + 100; ++slot) {
      moved += std::stoi(cluster.server(source).command({"CLUSTER", "COUNTKEYSINSLOT", std::to_string(slot)}));
      cluster.move_slot(slot, source, target);
    }
    return true;
  };
  CHECK(cache->purge(filter, kNever).value().entries == kEntries);
  CHECK(moved > 0);
  CHECK(names(cache->store()) == std::set<std::string>{"theirs:1"});
}
