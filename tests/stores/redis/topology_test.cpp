// Clusters and sentinels that change under the store: redirections, failovers, moving slots.
#include <libcache/store.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <set>
#include <thread>

#include "stores/redis/testing.h"
#include "support/redis_cluster.h"
#include "support/redis_sentinels.h"
#include "support/scripted_server.h"
#include "support/wait.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::Answer;
using support::RedisCluster;
using support::RedisServer;
using support::ScriptedServer;

namespace {

// The reply to CLUSTER SLOTS of a cluster with one master.
std::string all_slots_at(const std::string& host, int port) {
  return "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n" + support::bulk(host) + ":" + std::to_string(port) + "\r\n";
}

// One range of such a reply.
std::string slots_at(int first, int last, int port) {
  return "*3\r\n:" + std::to_string(first) + "\r\n:" + std::to_string(last) + "\r\n*2\r\n" +
         support::bulk("127.0.0.1") + ":" + std::to_string(port) + "\r\n";
}

std::string cluster_url(const ScriptedServer& server) {
  return "redis+cluster://127.0.0.1:" + std::to_string(server.port());
}

// What a sentinel says of its master.
std::string address_of(int port) {
  return "*2\r\n" + support::bulk("127.0.0.1") + support::bulk(std::to_string(port));
}

std::string sentinel_url(const ScriptedServer& sentinel) {
  return "redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/main";
}

std::string redirection(const std::string& code, const ScriptedServer& server, const std::string& host = "127.0.0.1") {
  return "-" + code + " 15495 " + host + ":" + std::to_string(server.port()) + "\r\n";
}

std::size_t times(const std::vector<std::string>& commands, const std::string& command) {
  return static_cast<std::size_t>(std::ranges::count(commands, command));
}

// What a scan shows, nothing of it twice.
std::set<std::string> names(Store& store, const std::string& prefix,
                            const std::function<void(const std::string&)>& meanwhile = nullptr) {
  std::set<std::string> seen;
  const auto scanned = store.scan(
      prefix, 0,
      [&](const Listing& listing) -> Result<bool> {
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
    ScriptedServer after([](const std::string&) { return Answer{.bytes = support::bulk("value")}; });
    bool moved = false;
    ScriptedServer before([&](const std::string& command) {
      if (command == "CLUSTER SLOTS") return Answer{.bytes = all_slots_at(host, moved ? after.port() : before.port())};
      moved = true;
      return Answer{.bytes = redirection("MOVED", after, host)};
    });
    const auto store = open(cluster_url(before));
    CHECK(get(*store).value() == "value");
    CHECK(get(*store).value() == "value");
    CHECK(before.commands() == std::vector<std::string>{"CLUSTER SLOTS", "GET a", "CLUSTER SLOTS"});
    CHECK(after.commands() == std::vector<std::string>{"GET a", "GET a"});
  }
}

TEST_CASE("a key in a slot that is just moving is asked for at its new place, and the map stays as it is") {
  ScriptedServer target([](const std::string& command) {
    return Answer{.bytes = command == "ASKING" ? "+OK\r\n" : support::bulk("value")};
  });
  ScriptedServer source([&](const std::string& command) {
    if (command == "CLUSTER SLOTS") return Answer{.bytes = all_slots_at("127.0.0.1", source.port())};
    return Answer{.bytes = redirection("ASK", target)};
  });
  const auto store = open(cluster_url(source));
  CHECK(get(*store).value() == "value");
  CHECK(get(*store).value() == "value");
  CHECK(source.commands() == std::vector<std::string>{"CLUSTER SLOTS", "GET a", "GET a"});
  CHECK(target.commands() == std::vector<std::string>{"ASKING", "GET a", "ASKING", "GET a"});
}

TEST_CASE("a key that is sent from one server to the other is given up after five redirections") {
  ScriptedServer server([&](const std::string& command) {
    if (command == "CLUSTER SLOTS") return Answer{.bytes = all_slots_at("127.0.0.1", server.port())};
    return Answer{.bytes = redirection("MOVED", server)};
  });
  CHECK(code_of(get(*open(cluster_url(server)))) == ErrorCode::unavailable);
  CHECK(times(server.commands(), "GET a") == 6);
}

TEST_CASE("a cluster that asks to try again is tried again") {
  int refusals = 3;
  ScriptedServer server([&](const std::string& command) {
    if (command == "CLUSTER SLOTS") return Answer{.bytes = all_slots_at("127.0.0.1", server.port())};
    return Answer{.bytes = refusals-- > 0 ? "-TRYAGAIN Multiple keys request during rehashing of slot\r\n" : "+OK\r\n"};
  });
  CHECK(put(*open(cluster_url(server))).value());
}

TEST_CASE("a cluster that is down is unavailable, and asked for its slots again") {
  for (const std::string words :
       {"The cluster is down", "Hash slot not served", "The cluster is down and only accepts read commands"}) {
    INFO(words);
    ScriptedServer server([&](const std::string& command) {
      if (command == "CLUSTER SLOTS") return Answer{.bytes = all_slots_at("127.0.0.1", server.port())};
      return Answer{.bytes = "-CLUSTERDOWN " + words + "\r\n"};
    });
    CHECK(code_of(put(*open(cluster_url(server)))) == ErrorCode::unavailable);
    CHECK(server.commands() == std::vector<std::string>{"CLUSTER SLOTS", "SET a 1", "CLUSTER SLOTS"});
  }
}

TEST_CASE("a server that is no cluster, or answers with something else, is refused") {
  for (const std::string reply : {"-ERR This instance has cluster support disabled\r\n", "*1\r\n:1\r\n",
                                  "-NOPERM this user has no permissions to run the 'cluster|slots' command\r\n"}) {
    const ScriptedServer server([&](const std::string&) { return Answer{.bytes = reply}; });
    CHECK(code_of(get(*open(cluster_url(server)))) == ErrorCode::refused);
  }
}

TEST_CASE("a cluster is read from its replicas where the URL says so, and from its masters where they fail") {
  RedisCluster cluster;
  const auto master = cluster.master_index_of("a");
  auto& replica = cluster.server(master + RedisCluster::kMasters);
  const auto reads = [](support::RedisServer& server) {
    const std::string stats = server.command({"INFO", "commandstats"});
    const auto at = stats.find("cmdstat_get:calls=");
    return at == std::string::npos ? 0 : std::stoi(stats.substr(at + 18));
  };
  const auto from_masters = open(cluster.url());
  REQUIRE(put(*from_masters).value());
  REQUIRE(cluster.server(master).command({"WAIT", "1", "0"}) == "1");
  for (std::size_t i = 0; i < RedisCluster::kMasters; ++i) {
    support::wait_for("the masters to hear of the replica", [&] {
      return cluster.server(i).command({"CLUSTER", "SLOTS"}).find(std::to_string(replica.port())) != std::string::npos;
    });
  }
  const auto store = open(cluster.url() + "?read_from=replicas");
  CHECK(get(*store).value() == "1");
  CHECK(reads(replica) == 1);
  CHECK(get(*from_masters).value() == "1");
  CHECK(reads(replica) == 1);
  CHECK(reads(cluster.server(master)) == 1);
  CHECK(put(*store, "a", "2").value());
  replica.send_signal(SIGSTOP);
  CHECK(get(*store).value() == "2");
  replica.send_signal(SIGCONT);
  replica.kill();
  CHECK(get(*store).value() == "2");
}

TEST_CASE("a replica that is loading, or has lost its master, is passed over") {
  for (const std::string reply :
       {"-LOADING Redis is loading the dataset in memory\r\n", "-MASTERDOWN Link with MASTER is down\r\n",
        "-CLUSTERDOWN The cluster is down\r\n", "$-1\r\n", "-NOPERM no\r\n"}) {
    ScriptedServer replica(
        [&](const std::string& command) { return Answer{.bytes = command == "READONLY" ? "+OK\r\n" : reply}; });
    ScriptedServer master([&](const std::string& command) {
      const auto server = [](int port) {
        return "*2\r\n" + support::bulk("127.0.0.1") + ":" + std::to_string(port) + "\r\n";
      };
      if (command == "READONLY") return Answer{.bytes = "+OK\r\n"};
      if (command != "CLUSTER SLOTS") return Answer{.bytes = support::bulk("value")};
      return Answer{.bytes = "*1\r\n*4\r\n:0\r\n:16383\r\n" + server(master.port()) + server(replica.port())};
    });
    const auto found = get(*open(cluster_url(master) + "?read_from=replicas"));
    INFO(reply);
    CHECK(times(replica.commands(), "GET a") >= 1);
    if (reply.starts_with("-NOPERM")) {
      CHECK(code_of(found) == ErrorCode::refused);
    } else {
      CHECK(found.value() == (reply == "$-1\r\n" ? std::nullopt : std::optional<std::string>("value")));
    }
  }
}

TEST_CASE("a seed that is down is passed over") {
  ScriptedServer server([&](const std::string& command) {
    if (command == "CLUSTER SLOTS") return Answer{.bytes = all_slots_at("127.0.0.1", server.port())};
    return Answer{.bytes = support::bulk("value")};
  });
  const auto store = open("redis+cluster://127.0.0.1:1,127.0.0.1:" + std::to_string(server.port()));
  CHECK(get(*store).value() == "value");
}

TEST_CASE("a sentinel that is down is passed over, one that does not know the name is not believed") {
  ScriptedServer master([](const std::string& command) {
    return Answer{.bytes = command == "ROLE" ? "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n" : support::bulk("value")};
  });
  ScriptedServer ignorant([](const std::string&) { return Answer{.bytes = "*-1\r\n"}; });
  ScriptedServer sentinel([&](const std::string&) { return Answer{.bytes = address_of(master.port())}; });
  const std::string first = "redis+sentinel://127.0.0.1:1,127.0.0.1:" + std::to_string(ignorant.port());
  CHECK(code_of(get(*open(first + "/main"))) == ErrorCode::refused);
  CHECK(get(*open(first + ",127.0.0.1:" + std::to_string(sentinel.port()) + "/main")).value() == "value");
}

TEST_CASE("a master that has become a replica is left for the one that the sentinels name now, or refused") {
  const auto role = [](const std::string& command, const std::string& otherwise) {
    return Answer{.bytes = command == "ROLE" ? "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n" : otherwise};
  };
  ScriptedServer old([&](const std::string& command) {
    return role(command, "-READONLY You can't write against a read only replica.\r\n");
  });
  ScriptedServer successor([&](const std::string& command) { return role(command, "+OK\r\n"); });
  std::vector<int> ports;
  ScriptedServer sentinel([&](const std::string&) {
    const int port = ports.front();
    if (ports.size() > 1) ports.erase(ports.begin());
    return Answer{.bytes = address_of(port)};
  });
  const std::string url = "redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/main";
  SECTION("another master") {
    ports = {old.port(), successor.port()};
    CHECK(open(url)->put("a", "1", {.only_new = true}, Deadline::never()).value());
  }
  SECTION("still the same") {
    ports = {old.port()};
    CHECK(code_of(put(*open(url))) == ErrorCode::refused);
    CHECK(old.connections() == 2);
  }
}

TEST_CASE("a failover is followed by a program that only pings, only lists, or only writes large values") {
  RedisServer old;
  RedisServer successor;
  std::atomic<int> master = old.port();
  ScriptedServer witness([&](const std::string& command) {
    return Answer{.bytes = command == "CLUSTER SLOTS" ? all_slots_at("127.0.0.1", master) : address_of(master)};
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
    const auto seen_all = [](const Listing&) -> Result<bool> { return true; };
    use_around_failover([&] { return sentinels->scan("", 0, seen_all, Deadline::never()); });
  }
  SECTION("sentinels, a first value that is large") {
    REQUIRE(sentinels->ping(Deadline::never()));
    old.kill();
    master = successor.port();
    CHECK(put(*sentinels, "a", std::string(2 << 20, 'v')));
  }
  SECTION("a cluster, pinging") {
    const auto cluster = open(cluster_url(witness));
    use_around_failover([&] { return cluster->ping(Deadline::never()); });
  }
}

TEST_CASE("a server that hangs when it is asked where the others are leaves the next one time to answer") {
  auto options = patient();
  options.redis.connect_timeout = 500ms;
  options.redis.operation_timeout = 2s;
  RedisServer old;
  RedisServer successor;
  std::atomic<bool> hangs = false;
  SECTION("a sentinel") {
    ScriptedServer first([&](const std::string&) { return Answer{.bytes = hangs ? "" : address_of(old.port())}; });
    const ScriptedServer second([&](const std::string&) { return Answer{.bytes = address_of(successor.port())}; });
    const auto store = open("redis+sentinel://127.0.0.1:" + std::to_string(first.port()) +
                                ",127.0.0.1:" + std::to_string(second.port()) + "/main",
                            options);
    REQUIRE(put(*store));
    old.kill();
    hangs = true;
    CHECK(get(*store).value() == std::nullopt);
    CHECK(times(first.commands(), "SENTINEL get-master-addr-by-name main") == 2);
  }
  SECTION("a master of a cluster") {
    ScriptedServer first([&](const std::string&) {
      const std::string slots = "*2\r\n" + slots_at(0, 8191, first.port()) + slots_at(8192, 16383, old.port());
      return Answer{.bytes = hangs ? "" : slots};
    });
    const ScriptedServer second(
        [&](const std::string&) { return Answer{.bytes = all_slots_at("127.0.0.1", successor.port())}; });
    const auto store = open(cluster_url(first) + ",127.0.0.1:" + std::to_string(second.port()), options);
    REQUIRE(put(*store));
    old.kill();
    hangs = true;
    CHECK(get(*store).value() == std::nullopt);
    CHECK(times(first.commands(), "CLUSTER SLOTS") == 2);
  }
}

TEST_CASE("a server that the sentinels call master and that is none is not used") {
  ScriptedServer replica([](const std::string& command) {
    return Answer{.bytes = command == "ROLE" ? "*2\r\n$5\r\nslave\r\n:0\r\n" : support::bulk("value")};
  });
  ScriptedServer sentinel([&](const std::string&) { return Answer{.bytes = address_of(replica.port())}; });
  const auto store = open("redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/main");
  CHECK(code_of(get(*store)) == ErrorCode::unavailable);
  CHECK(times(replica.commands(), "GET a") == 0);
}

TEST_CASE("a cluster whose slots move keeps answering, and lists and removes all and nothing but what is ours") {
  const auto cluster = std::make_unique<RedisCluster>();
  const auto store = open(cluster->url());

  SECTION("servers that do not know their own host") {
    for (std::size_t i = 0; i < 6; ++i) {
      cluster->server(i).command({"CONFIG", "SET", "cluster-preferred-endpoint-type", "unknown-endpoint"});
    }
    for (const std::string name : {"a", "b", "c", "d"}) CHECK(put(*store, name).value());
    cluster->move_slot(15495, 2, 0);  // that of "a"
    CHECK(get(*store).value() == "1");
  }
  SECTION("a slot that is open") {
    REQUIRE(put(*store).value());
    cluster->open_slot(15495, 2, 0);
    CHECK(get(*store).value() == "1");
    cluster->move_key("a", 2, 0);
    CHECK(get(*store).value() == "1");
    CHECK(put(*store, "a", "2").value());
    CHECK(cluster->server(2).command({"CLUSTER", "COUNTKEYSINSLOT", "15495"}) == "0");
    CHECK(store->remove(std::vector<std::string>{"a", "b"}, Deadline::never()).value() == 1);
  }
  SECTION("a slot that nobody serves") {
    cluster->server(2).command({"CLUSTER", "DELSLOTS", "15495"});
    CHECK(code_of(get(*store)) == ErrorCode::unavailable);
  }
  SECTION("slots that move while they are listed") {
    std::set<std::string> all;
    for (int i = 0; i < 900; ++i) {
      const std::string name = "ours:{" + std::string(1, static_cast<char>('a' + i % 26)) + "}" + std::to_string(i);
      all.insert(name);
      REQUIRE(put(*store, name).value());
    }
    REQUIRE(put(*store, "theirs:1").value());
    // When the first name is seen, the slots of another master move to the one that has just been listed. (All go to
    // one target: servers that exchange slots in haste fall out over who has which.)
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
    CHECK(names(*store, "ours:", move_slots).size() == all.size());
    std::vector<std::string> doomed(all.begin(), all.end());
    CHECK(store->remove(doomed, Deadline::never()).value() == all.size());
    CHECK(names(*store, "") == std::set<std::string>{"theirs:1"});
  }
}

namespace {

// Eight threads that put and get until told to stop, and what they saw.
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

  // Every value begins with its name and is filled up with one letter.
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

// A failover in the middle of the load: `kill` ends a master that has "load:0".
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
