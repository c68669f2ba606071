// Statistics in hashes on a server.
#include "store/redis/statistics.h"

#include <libcache/cache.h>
#include <libcache/open.h>

#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "stores/redis/support.h"
#include "stores/verbs.h"
#include "support/redis_cluster.h"
#include "support/redis_server.h"
#include "support/wait.h"

namespace libcache::test {

namespace {

using namespace std::chrono_literals;
using std::chrono::days;

std::chrono::sys_days today() {
  return std::chrono::floor<days>(system_now());
}

StatisticsRow row_of(std::string model, std::uint64_t hits, std::chrono::sys_days day = today()) {
  return {day, std::move(model), "s", "e", {{"hits", hits}, {"saved_ms", 10 * hits}}};
}

// What is posted arrives at some time.
std::uint64_t hits_in(Store& store, std::uint64_t expected, std::string_view prefix = "llmcache:") {
  std::uint64_t hits = 0;
  support::wait_for("what was counted", [&] {
    hits = 0;
    for (const auto& row : required(store.statistics()->read(prefix, {}, soon()))) hits += row.counts.at("hits");
    return hits == expected;
  });
  return hits;
}

void add(Store& store, const StatisticsRow& row, std::string_view prefix = "llmcache:") {
  store.statistics()->add(prefix, {&row, 1}, soon());
}

// Adds on several days, so that a cluster keeps them on several servers.
void count_and_read(const std::string& url) {
  const auto store = open(url);
  put(*store, "llmcache:warm_00000000000000000000000000000000", "x");
  for (int i = 0; i < 20; ++i) {
    add(*store, row_of("a\n\"", 1, today() - days(i)));
    CHECK(get(*store, "llmcache:warm_00000000000000000000000000000000") == "x");
  }
  CHECK(hits_in(*store, 20) == 20);
  CHECK(required(store->statistics()->read("llmcache:", today() - days(4), soon())).size() == 5);
  const auto rows = required(store->statistics()->read("llmcache:", today(), soon()));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0] == row_of("a\n\"", 1));
  CHECK(required(store->statistics()->read("other:", {}, soon())).empty());
  CHECK(names(*store, "") == Names{"llmcache:warm_00000000000000000000000000000000"});
  CHECK(store->statistics()->reset("llmcache:", soon()));
  CHECK(hits_in(*store, 0) == 0);
}

}  // namespace

TEST_CASE("statistics on a server are added up, kept apart by prefix, and not taken for entries") {
  support::RedisServer server;
  count_and_read(server.url());
  const auto store = open(server.url());
  CHECK(get(*store, "x") == std::nullopt);
  add(*store, row_of("m", 3), "");
  CHECK(hits_in(*store, 3, "") == 3);
  const auto lifetime = std::stoll(server.command({"PTTL", internal::redis::statistics_name("", today())}));
  CHECK(lifetime > Milliseconds(kStatisticsAge - days(1)).count());
}

TEST_CASE("statistics on a cluster are added up") {
  support::RedisCluster cluster;
  count_and_read(cluster.url());
}

TEST_CASE("caches of several threads on a server count everything once, also at their end") {
  support::RedisServer server;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        const auto cache =
            Cache::create(open_store(StoreUrl::parse(server.url()).value(), patient()).value(), {}).value();
        (void)cache->get(cache->key(R"({"model":"m"})").value(), EntryKind::response, soon());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const auto store = open(server.url());
  std::uint64_t counted = 0;
  support::wait_for("what was counted", [&] {
    const auto rows = required(store->statistics()->read("llmcache:", {}, soon()));
    REQUIRE(rows.size() == 1);
    REQUIRE(rows[0].counts.size() == 1);
    counted = rows[0].counts.at("misses_absent");
    return counted >= 160;
  });
  CHECK(counted == 160);
}

TEST_CASE("without the right to count, and read-only, everything else works") {
  support::RedisServer server;
  server.command({"ACL", "SETUSER", "old", "on", ">secret", "~llmcache:*", "+get", "+set", "+pexpire"});
  std::string url = server.url();
  url.insert(url.find("//") + 2, "old:secret@");
  const auto store = open(url);
  for (int i = 0; i < 3; ++i) {
    add(*store, row_of("m", 1));
    put(*store, "llmcache:a", "1");
    CHECK(get(*store, "llmcache:a") == "1");
  }
  const auto refused = store->statistics()->read("llmcache:", {}, soon());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::refused);
  const auto read_only = open(server.url() + "?read_only=1");
  CHECK(get(*read_only, "llmcache:a") == "1");
  add(*read_only, row_of("m", 1));
  CHECK_FALSE(read_only->statistics()->reset("llmcache:", soon()));
  CHECK(hits_in(*open(server.url()), 0) == 0);
}

TEST_CASE("nothing is waited for where no connection is open") {
  const auto store = open("redis://127.0.0.1:1");
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) add(*store, row_of("m", 1));
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

}  // namespace libcache::test
