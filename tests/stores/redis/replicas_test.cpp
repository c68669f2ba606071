// Reading from the replicas of a cluster.
#include <libcache/flight.h>
#include <libcache/open.h>
#include <signal.h>

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

TEST_CASE("replicas answer reads if the URL says so, and masters answer if the replicas fail") {
  RedisCluster cluster;
  const auto master = cluster.master_index_of("a");
  auto& replica = cluster.server(master + RedisCluster::kMasters);
  const auto reads = [](support::RedisServer& server) {
    const std::string stats = server.command({"INFO", "commandstats"});
    const auto at = stats.find("cmdstat_get:calls=");
    return at == std::string::npos ? 0 : std::stoi(stats.substr(at + 18));
  };
  const auto from_masters = open(cluster.url());
  REQUIRE(try_put(*from_masters).value());
  REQUIRE(cluster.server(master).command({"WAIT", "1", "0"}) == "1");
  for (std::size_t i = 0; i < RedisCluster::kMasters; ++i) {
    support::wait_for("the masters to know the replica", [&] {
      return cluster.server(i).command({"CLUSTER", "SLOTS"}).find(std::to_string(replica.port())) != std::string::npos;
    });
  }
  const auto store = open(cluster.url() + "?read_from=replicas");
  CHECK(try_get(*store).value() == "1");
  CHECK(reads(replica) == 1);
  CHECK(try_get(*from_masters).value() == "1");
  CHECK(reads(replica) == 1);
  CHECK(reads(cluster.server(master)) == 1);
  CHECK(try_put(*store, "a", "2").value());
  replica.send_signal(SIGSTOP);
  CHECK(try_get(*store).value() == "2");
  replica.send_signal(SIGCONT);
  replica.kill();
  CHECK(try_get(*store).value() == "2");
}

TEST_CASE("the master answers a read if its replica is loading or has lost its master") {
  for (const std::string reply :
       {"-LOADING Redis is loading the dataset in memory\r\n", "-MASTERDOWN Link with MASTER is down\r\n",
        "-CLUSTERDOWN The cluster is down\r\n", "$-1\r\n", "-NOPERM no\r\n"}) {
    ScriptedServer replica(
        [&](const std::string& command) { return ScriptedReply{.bytes = command == "READONLY" ? "+OK\r\n" : reply}; });
    ScriptedServer master([&](const std::string& command) {
      if (command == "READONLY") return ScriptedReply{.bytes = "+OK\r\n"};
      if (command != "CLUSTER SLOTS") return ScriptedReply{.bytes = support::bulk("value")};
      return ScriptedReply{.bytes = all_slots_at(server_at(master.port()), server_at(replica.port()))};
    });
    const auto found = try_get(*open(cluster_url(master) + "?read_from=replicas"));
    INFO(reply);
    CHECK(times(replica.commands(), "GET a") >= 1);
    if (reply.starts_with("-NOPERM")) {
      CHECK(code_of(found) == ErrorCode::refused);
    } else {
      CHECK(found.value() == (reply == "$-1\r\n" ? std::nullopt : std::optional<std::string>("value")));
    }
  }
}

TEST_CASE("leases are never read from a replica, so a replica that lags behind does not disturb flights") {
  RedisCluster cluster;
  const auto master = cluster.master_index_of("a");
  auto& replica = cluster.server(master + RedisCluster::kMasters);
  const auto store = open(cluster.url() + "?read_from=replicas");
  REQUIRE(try_get(*store).has_value());
  SECTION("a replica that is gone") {
    replica.kill();
  }
  SECTION("a replica that hangs") {
    replica.send_signal(SIGSTOP);
  }
  cluster.server(master).command({"CONFIG", "RESETSTAT"});
  const auto flight = store->flights()->join("a", Deadline::after(20s)).value();
  CHECK(flight.lease != nullptr);
  CHECK(contains(cluster.server(master).command({"INFO", "commandstats"}), "cmdstat_set:calls=1,"));
  replica.send_signal(SIGCONT);
}
