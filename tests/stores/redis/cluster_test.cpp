// A cluster: redirections, moving slots, and servers that are down.
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

namespace {

std::string redirection(const std::string& code, const ScriptedServer& server, const std::string& host = "127.0.0.1") {
  return "-" + code + " 15495 " + host + ":" + std::to_string(server.port()) + "\r\n";
}

// The names that a scan shows, each of them once.
std::set<std::string> names_seen(Store& store, const std::string& prefix,
                                 const std::function<void(const std::string&)>& meanwhile = nullptr) {
  std::set<std::string> seen;
  const auto scanned = store.scan(
      prefix, 0,
      [&](const ScanRow& listing) -> Result<bool> {
        CHECK(seen.insert(listing.name).second);
        if (meanwhile) meanwhile(listing.name);
        return true;
      },
      Deadline::never());
  INFO((scanned ? "" : scanned.error().message));
  CHECK(scanned.has_value());
  return seen;
}

}  // namespace

TEST_CASE("a key that has moved is followed, and found at once the next time") {
  for (const std::string host : {"127.0.0.1", ""}) {
    ScriptedServer after([](const std::string&) { return ScriptedReply{.bytes = support::bulk("value")}; });
    bool moved = false;
    ScriptedServer before([&](const std::string& command) {
      if (command == "CLUSTER SLOTS")
        return ScriptedReply{.bytes = all_slots_at(server_at(moved ? after.port() : before.port(), host))};
      moved = true;
      return ScriptedReply{.bytes = redirection("MOVED", after, host)};
    });
    const auto store = open(cluster_url(before));
    CHECK(try_get(*store).value() == "value");
    CHECK(try_get(*store).value() == "value");
    CHECK(before.commands() == std::vector<std::string>{"CLUSTER SLOTS", "GET a", "CLUSTER SLOTS"});
    CHECK(after.commands() == std::vector<std::string>{"GET a", "GET a"});
  }
}

TEST_CASE("a key in a slot that is being moved is read from its new server, and the map does not change") {
  ScriptedServer target([](const std::string& command) {
    return ScriptedReply{.bytes = command == "ASKING" ? "+OK\r\n" : support::bulk("value")};
  });
  ScriptedServer source([&](const std::string& command) {
    if (command == "CLUSTER SLOTS") return ScriptedReply{.bytes = all_slots_at(server_at(source.port()))};
    return ScriptedReply{.bytes = redirection("ASK", target)};
  });
  const auto store = open(cluster_url(source));
  CHECK(try_get(*store).value() == "value");
  CHECK(try_get(*store).value() == "value");
  CHECK(source.commands() == std::vector<std::string>{"CLUSTER SLOTS", "GET a", "GET a"});
  CHECK(target.commands() == std::vector<std::string>{"ASKING", "GET a", "ASKING", "GET a"});
}

TEST_CASE("a command is given up after five redirections") {
  ScriptedServer server([&](const std::string& command) {
    if (command == "CLUSTER SLOTS") return ScriptedReply{.bytes = all_slots_at(server_at(server.port()))};
    return ScriptedReply{.bytes = redirection("MOVED", server)};
  });
  CHECK(code_of(try_get(*open(cluster_url(server)))) == ErrorCode::unavailable);
  CHECK(times(server.commands(), "GET a") == 6);
}

TEST_CASE("a command is sent again if the cluster answers TRYAGAIN") {
  int refusals = 3;
  ScriptedServer server([&](const std::string& command) {
    if (command == "CLUSTER SLOTS") return ScriptedReply{.bytes = all_slots_at(server_at(server.port()))};
    return ScriptedReply{.bytes = refusals-- > 0 ? "-TRYAGAIN Multiple keys request during rehashing of slot\r\n"
                                                 : "+OK\r\n"};
  });
  CHECK(try_put(*open(cluster_url(server))).value());
}

TEST_CASE("a cluster that is down is unavailable, and its slots are asked for again") {
  for (const std::string words :
       {"The cluster is down", "Hash slot not served", "The cluster is down and only accepts read commands"}) {
    INFO(words);
    ScriptedServer server([&](const std::string& command) {
      if (command == "CLUSTER SLOTS") return ScriptedReply{.bytes = all_slots_at(server_at(server.port()))};
      return ScriptedReply{.bytes = "-CLUSTERDOWN " + words + "\r\n"};
    });
    CHECK(code_of(try_put(*open(cluster_url(server)))) == ErrorCode::unavailable);
    CHECK(server.commands() == std::vector<std::string>{"CLUSTER SLOTS", "SET a 1", "CLUSTER SLOTS"});
  }
}

TEST_CASE("a server that is not in a cluster, or sends malformed slots, is an error") {
  for (const std::string reply : {"-ERR This instance has cluster support disabled\r\n", "*1\r\n:1\r\n",
                                  "-NOPERM this user has no permissions to run the 'cluster|slots' command\r\n"}) {
    const ScriptedServer server([&](const std::string&) { return ScriptedReply{.bytes = reply}; });
    CHECK(code_of(try_get(*open(cluster_url(server)))) == ErrorCode::refused);
  }
}

TEST_CASE("the next seed is asked if one is down") {
  ScriptedServer server([&](const std::string& command) {
    if (command == "CLUSTER SLOTS") return ScriptedReply{.bytes = all_slots_at(server_at(server.port()))};
    return ScriptedReply{.bytes = support::bulk("value")};
  });
  const auto store = open("redis+cluster://127.0.0.1:1,127.0.0.1:" + std::to_string(server.port()));
  CHECK(try_get(*store).value() == "value");
}

TEST_CASE("a cluster answers, lists and removes correctly while its slots move") {
  const auto cluster = std::make_unique<RedisCluster>();
  const auto store = open(cluster->url());

  SECTION("servers that do not know their own host") {
    for (std::size_t i = 0; i < 6; ++i) {
      cluster->server(i).command({"CONFIG", "SET", "cluster-preferred-endpoint-type", "unknown-endpoint"});
    }
    for (const std::string name : {"a", "b", "c", "d"}) CHECK(try_put(*store, name).value());
    cluster->move_slot(15495, 2, 0);  // that of "a"
    CHECK(try_get(*store).value() == "1");
  }
  SECTION("a slot that is open") {
    REQUIRE(try_put(*store).value());
    cluster->open_slot(15495, 2, 0);
    CHECK(try_get(*store).value() == "1");
    cluster->move_key("a", 2, 0);
    CHECK(try_get(*store).value() == "1");
    CHECK(try_put(*store, "a", "2").value());
    CHECK(cluster->server(2).command({"CLUSTER", "COUNTKEYSINSLOT", "15495"}) == "0");
    CHECK(store->remove(std::vector<std::string>{"a", "b"}, Deadline::never()).value() == 1);
  }
  SECTION("a slot that no server serves") {
    cluster->server(2).command({"CLUSTER", "DELSLOTS", "15495"});
    CHECK(code_of(try_get(*store)) == ErrorCode::unavailable);
  }
  SECTION("slots that move while they are listed") {
    std::set<std::string> all;
    for (int i = 0; i < 900; ++i) {
      const std::string name = "ours:{" + std::string(1, static_cast<char>('a' + i % 26)) + "}" + std::to_string(i);
      all.insert(name);
      REQUIRE(try_put(*store, name).value());
    }
    REQUIRE(try_put(*store, "theirs:1").value());
    // When the first name is seen, the slots of another master move to the one that has just been listed. (All move to
    // one target, because servers that exchange many slots at once may disagree about who holds them.)
    bool moved = false;
    const auto move_slots = [&](const std::string& seen) {
      if (std::exchange(moved, true)) return;
      const auto target = cluster->master_index_of(seen);
      const auto source = (target + 1) % RedisCluster::kMasters;
      for (char letter = 'a'; letter <= 'z'; ++letter) {
        const std::string key(1, letter);
        if (cluster->master_index_of(key) != source) continue;
        cluster->move_slot(std::stoul(cluster->server(0).command({"CLUSTER", "KEYSLOT", key})), source, target);
      }
    };
    CHECK(names_seen(*store, "ours:", move_slots).size() == all.size());
    std::vector<std::string> doomed(all.begin(), all.end());
    CHECK(store->remove(doomed, Deadline::never()).value() == all.size());
    CHECK(names_seen(*store, "") == std::set<std::string>{"theirs:1"});
  }
}
