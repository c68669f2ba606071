// Failovers of clusters and sentinels, also under load.
#include <libcache/open.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <set>
#include <thread>

#include "stores/redis/scripted_topology.h"
#include "stores/redis/support.h"
#include "support/redis_cluster.h"
#include "support/redis_sentinels.h"
#include "support/scripted_server.h"
#include "support/wait.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::RedisCluster;
using support::RedisServer;
using support::ScriptedReply;
using support::ScriptedServer;

TEST_CASE("a failover is noticed by a program that only pings, only lists or only writes large values") {
  RedisServer old;
  RedisServer successor;
  std::atomic<int> master = old.port();
  ScriptedServer witness([&](const std::string& command) {
    return ScriptedReply{.bytes = command == "CLUSTER SLOTS" ? all_slots_at(server_at(master)) : address_of(master)};
  });
  const auto use_around_failover = [&](const auto& use) {
    CHECK(use().has_value());
    old.kill();
    master = successor.port();
    CHECK(use().has_value());
  };
  const auto sentinels = open(sentinel_url(witness));
  SECTION("sentinels, pinging") {
    use_around_failover([&] { return sentinels->ping(Deadline::never()); });
  }
  SECTION("sentinels, listing") {
    const auto seen_all = [](const ScanRow&) -> Result<bool> { return true; };
    use_around_failover([&] { return sentinels->scan("", 0, seen_all, Deadline::never()); });
  }
  SECTION("sentinels, a first value that is large") {
    REQUIRE(sentinels->ping(Deadline::never()));
    old.kill();
    master = successor.port();
    CHECK(try_put(*sentinels, "a", std::string(2 << 20, 'v')));
  }
  SECTION("a cluster, pinging") {
    const auto cluster = open(cluster_url(witness));
    use_around_failover([&] { return cluster->ping(Deadline::never()); });
  }
}

TEST_CASE("a server that hangs when it is asked for the topology leaves time to ask the next one") {
  auto options = patient();
  options.redis.connect_timeout = 500ms;
  options.redis.operation_timeout = 2s;
  RedisServer old;
  RedisServer successor;
  std::atomic<bool> hangs = false;
  SECTION("a sentinel") {
    ScriptedServer first(
        [&](const std::string&) { return ScriptedReply{.bytes = hangs ? "" : address_of(old.port())}; });
    const ScriptedServer second(
        [&](const std::string&) { return ScriptedReply{.bytes = address_of(successor.port())}; });
    const auto store = open("redis+sentinel://127.0.0.1:" + std::to_string(first.port()) +
                                ",127.0.0.1:" + std::to_string(second.port()) + "/main",
                            options);
    REQUIRE(try_put(*store));
    old.kill();
    hangs = true;
    CHECK(try_get(*store).value() == std::nullopt);
    CHECK(times(first.commands(), "SENTINEL get-master-addr-by-name main") == 2);
  }
  SECTION("a master of a cluster") {
    ScriptedServer first([&](const std::string&) {
      const std::string slots =
          "*2\r\n" + slots_at(0, 8191, server_at(first.port())) + slots_at(8192, 16383, server_at(old.port()));
      return ScriptedReply{.bytes = hangs ? "" : slots};
    });
    const ScriptedServer second(
        [&](const std::string&) { return ScriptedReply{.bytes = all_slots_at(server_at(successor.port()))}; });
    const auto store = open(cluster_url(first) + ",127.0.0.1:" + std::to_string(second.port()), options);
    REQUIRE(try_put(*store));
    old.kill();
    hangs = true;
    CHECK(try_get(*store).value() == std::nullopt);
    CHECK(times(first.commands(), "CLUSTER SLOTS") == 2);
  }
}

namespace {

// Eight threads that put and get until this is destroyed, and check what they get.
class Load {
 public:
  explicit Load(Store& store) : store_(store) {
    for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this, i] { work(i); });
  }
  ~Load() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

  long done() const { return done_; }
  long wrong() const { return wrong_; }

 private:
  static constexpr int kThreads = 8;

  // Every value begins with its name and continues with one repeated letter.
  void work(int thread) {
    for (long round = 0; !stop_; ++round) {
      const std::string name = "load:" + std::to_string((thread + round) % 50);
      const auto value = store_.get(name, Deadline::after(2s));
      if (value && *value && !is_right(name, **value)) ++wrong_;
      const std::string filling(static_cast<std::size_t>(round % 5000), static_cast<char>('a' + thread));
      const auto written = store_.put(name, name + "=" + filling, {}, Deadline::after(2s));
      if (value && written) ++done_;
    }
  }

  static bool is_right(const std::string& name, const std::string& value) {
    if (!value.starts_with(name + "=")) return false;
    const std::string filling = value.substr(name.size() + 1);
    return filling.find_first_not_of(filling.substr(0, 1)) == std::string::npos;
  }

  Store& store_;
  std::atomic<bool> stop_ = false;
  std::atomic<long> done_ = 0;
  std::atomic<long> wrong_ = 0;
  std::vector<std::thread> threads_;
};

// A failover under load. `kill` kills the master that holds "load:0".
void check_failover(Store& store, const std::function<void()>& kill) {
  Load load(store);
  support::wait_for("the load to begin", [&] { return load.done() > 200; });
  kill();
  CHECK_FALSE(store.put("load:0", "load:0=", {}, Deadline::after(1s)).has_value());
  support::wait_for("a failover", [&] { return store.put("load:0", "load:0=", {}, Deadline::after(1s)).has_value(); });
  const long before = load.done();
  support::wait_for("the load to go on", [&] { return load.done() > before + 200; });
  CHECK(load.wrong() == 0);
}

StoreOptions impatient() {
  auto options = patient();
  options.redis.operation_timeout = 2s;
  options.redis.breaker_pause = 100ms;
  return options;
}

}  // namespace

TEST_CASE("a master of a cluster that is killed under load is replaced, and no answer is wrong") {
  RedisCluster cluster;
  const auto store = open(cluster.url(), impatient());
  check_failover(*store, [&] { cluster.master_of("load:0").kill(); });
}

TEST_CASE("a master that is killed under load is replaced by the sentinels, and no answer is wrong") {
  support::RedisSentinels sentinels;
  const auto store = open(sentinels.url(), impatient());
  check_failover(*store, [&] { sentinels.master().kill(); });
}
