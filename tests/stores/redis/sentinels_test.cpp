// Sentinels that name a master.
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

TEST_CASE("the next sentinel is asked if one is down or does not know the master") {
  ScriptedServer master([](const std::string& command) {
    return ScriptedReply{.bytes = command == "ROLE" ? "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n" : support::bulk("value")};
  });
  ScriptedServer ignorant([](const std::string&) { return ScriptedReply{.bytes = "*-1\r\n"}; });
  ScriptedServer sentinel([&](const std::string&) { return ScriptedReply{.bytes = address_of(master.port())}; });
  const std::string first = "redis+sentinel://127.0.0.1:1,127.0.0.1:" + std::to_string(ignorant.port());
  CHECK(code_of(try_get(*open(first + "/main"))) == ErrorCode::refused);
  CHECK(try_get(*open(first + ",127.0.0.1:" + std::to_string(sentinel.port()) + "/main")).value() == "value");
}

TEST_CASE("a sentinel that names a master without a valid port is refused") {
  for (const std::string port : {"", "port", "63790x", "-1", "65536"}) {
    ScriptedServer sentinel([&](const std::string&) {
      return support::ScriptedReply{.bytes = "*2\r\n" + support::bulk("127.0.0.1") + support::bulk(port)};
    });
    const auto got = try_get(*open("redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/main"));
    INFO(port);
    CHECK(code_of(got) == ErrorCode::refused);
    CHECK(got.error().message.find("malformed reply to SENTINEL") != std::string::npos);
  }
}

TEST_CASE("a master that has become a replica is replaced by the one that the sentinels name now") {
  const auto role = [](const std::string& command, const std::string& otherwise) {
    return ScriptedReply{.bytes = command == "ROLE" ? "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n" : otherwise};
  };
  ScriptedServer old([&](const std::string& command) {
    return role(command, "-READONLY You can't write against a read only replica.\r\n");
  });
  ScriptedServer successor([&](const std::string& command) { return role(command, "+OK\r\n"); });
  std::vector<int> ports;
  ScriptedServer sentinel([&](const std::string&) {
    const int port = ports.front();
    if (ports.size() > 1) ports.erase(ports.begin());
    return ScriptedReply{.bytes = address_of(port)};
  });
  const std::string url = "redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/main";
  SECTION("another master") {
    ports = {old.port(), successor.port()};
    CHECK(open(url)->put("a", "1", {.only_new = true}, Deadline::never()).value());
  }
  SECTION("still the same") {
    ports = {old.port()};
    CHECK(code_of(try_put(*open(url))) == ErrorCode::refused);
    CHECK(old.connections() == 2);
  }
}

TEST_CASE("a replica that the sentinels call a master is not used") {
  ScriptedServer replica([](const std::string& command) {
    return ScriptedReply{.bytes = command == "ROLE" ? "*2\r\n$5\r\nslave\r\n:0\r\n" : support::bulk("value")};
  });
  ScriptedServer sentinel([&](const std::string&) { return ScriptedReply{.bytes = address_of(replica.port())}; });
  const auto store = open("redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/main");
  CHECK(code_of(try_get(*store)) == ErrorCode::unavailable);
  CHECK(times(replica.commands(), "GET a") == 0);
}
