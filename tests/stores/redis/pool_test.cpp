#include "store/redis/server/pool.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/redis/server/node.h"
#include "support/redis_server.h"
#include "support/wait.h"

using namespace libcache;
using namespace libcache::internal;
using namespace std::chrono_literals;
using redis::Connection;
using redis::Pool;
using support::RedisServer;

namespace {

// Its connections have a name, so that opening one ends with a reply: the server knows it by then.
Pool make_pool(const RedisServer& server, const PoolOptions& options) {
  redis::ConnectionOptions connection;
  connection.client_name = "test";
  return Pool({.host = "127.0.0.1", .port = server.port(), .socket_path = {}}, connection, options, 10s);
}

// A place in the pool with its connection.
Pool::Place use_connection(Pool& pool) {
  auto place = pool.reserve(Deadline::after(30s));
  REQUIRE(place.has_value());
  REQUIRE(place->connect(Deadline::after(30s)).has_value());
  return std::move(*place);
}

long number_in(RedisServer& server, const std::string& section, const std::string& field) {
  const std::string info = server.command({"INFO", section});
  return std::stol(info.substr(info.find(field + ":") + field.size() + 1));
}

// Without the connection of the test itself.
long open_connections(RedisServer& server) {
  return number_in(server, "clients", "connected_clients") - 1;
}

long connections_received(RedisServer& server) {
  return number_in(server, "stats", "total_connections_received");
}

void wait_for_connections(RedisServer& server, long number) {
  support::wait_for(std::to_string(number) + " connections", [&] { return open_connections(server) == number; });
}

}  // namespace

TEST_CASE("a pool opens connections when they are needed and uses them again") {
  RedisServer server;
  Pool pool = make_pool(server, {});
  CHECK(open_connections(server) == 0);
  const auto before = connections_received(server);
  for (int i = 0; i < 10; ++i) use_connection(pool);
  CHECK(connections_received(server) == before + 1);
  {
    const auto first = use_connection(pool);
    const auto second = use_connection(pool);
    CHECK(open_connections(server) == 2);
  }
  CHECK(open_connections(server) == 2);
  pool.close_idle();
  wait_for_connections(server, 0);
}

TEST_CASE("a caller waits while all connections are in use, but not beyond the deadline") {
  RedisServer server;
  Pool pool = make_pool(server, {.size = 1});
  std::optional<Pool::Place> only = use_connection(pool);
  const auto late = pool.reserve(Deadline::after(10ms));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == ErrorCode::timeout);
  std::atomic<bool> reserved = false;
  std::thread waiting([&] { reserved = pool.reserve(Deadline::after(30s)).has_value(); });
  only.reset();
  waiting.join();
  CHECK(reserved);
}

TEST_CASE("a place whose connection could not be opened is free again for the next caller") {
  RedisServer server;
  Pool pool = make_pool(server, {.size = 1});
  server.kill();
  for (int i = 0; i < 3; ++i) {
    auto place = pool.reserve(Deadline::after(30s));
    REQUIRE(place.has_value());
    CHECK_FALSE(place->connect(Deadline::after(30s)).has_value());
  }
}

TEST_CASE("a pool keeps no more idle connections than its options allow") {
  RedisServer server;
  Pool pool = make_pool(server, {.max_idle = 1});
  {
    const auto first = use_connection(pool);
    const auto second = use_connection(pool);
    const auto third = use_connection(pool);
  }
  wait_for_connections(server, 1);
}

TEST_CASE("connections that are too old or have been idle for too long are replaced") {
  RedisServer server;
  SECTION("too old") {
    Pool pool = make_pool(server, {.max_lifetime = -1ms});
    use_connection(pool);
    const auto before = connections_received(server);
    use_connection(pool);
    CHECK(connections_received(server) == before + 1);
  }
  SECTION("idle, except for the number of connections that is always kept") {
    Pool pool = make_pool(server, {.min_idle = 1, .max_idle_time = -1ms});
    {
      const auto first = use_connection(pool);
      const auto second = use_connection(pool);
    }
    const auto before = connections_received(server);
    use_connection(pool);
    CHECK(connections_received(server) == before);
    wait_for_connections(server, 1);
  }
}

TEST_CASE("a connection that the server has closed or that was discarded is not used again") {
  RedisServer server;
  Pool pool = make_pool(server, {.size = 1});
  use_connection(pool);
  server.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  use_connection(pool).discard();
  auto place = use_connection(pool);
  const redis::Command ping = {"PING"};
  Connection& connection = *place.connect(Deadline::after(30s)).value();
  CHECK(connection.run({&ping, 1}, Deadline::after(30s)).value()[0].text == "PONG");
}

TEST_CASE("a connection that is interrupted from another thread fails at once and is not used again") {
  RedisServer server;
  Pool pool = make_pool(server, {.size = 1});
  auto place = use_connection(pool);
  Connection& connection = *place.connect(Deadline::after(30s)).value();
  std::thread waiting([&] {
    const redis::Command block = {"BLPOP", "never", "0"};
    CHECK_FALSE(connection.run({&block, 1}, Deadline::never()).has_value());
  });
  support::wait_for("the command to block", [&] { return number_in(server, "clients", "blocked_clients") == 1; });
  connection.interrupt();
  waiting.join();
  CHECK(connection.is_broken());
}

TEST_CASE("many threads share few connections") {
  RedisServer server;
  Pool pool = make_pool(server, {.size = 3});
  std::atomic<int> in_use = 0;
  std::atomic<int> problems = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        auto place = pool.reserve(Deadline::after(30s));
        if (!place || ++in_use > 3 || !place->connect(Deadline::after(30s))) ++problems;
        if (place && round % 10 == 0) place->discard();
        --in_use;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(problems == 0);
  CHECK(open_connections(server) <= 3);
}

TEST_CASE("a caller that finds all connections in use does not count as a failure of the server") {
  RedisServer server;
  RedisOptions options;
  options.connect_timeout = 10s;
  options.pool.size = 1;
  options.breaker_failures = 1;
  const auto ping = [](redis::Node& node, Milliseconds time) {
    const redis::Command command = {"PING"};
    return node.run({&command, 1}, redis::Repeat::allowed, Deadline::after(time));
  };
  const auto ping_while_busy = [&](redis::Node& node) {
    const auto use = [&](Connection&) -> Status {
      const auto waited = ping(node, 10ms);
      REQUIRE_FALSE(waited.has_value());
      CHECK(waited.error().code == ErrorCode::timeout);
      return {};
    };
    CHECK(node.on_one_connection(use, Deadline::after(30s)));
  };
  const redis::Endpoint endpoint = {.host = "127.0.0.1", .port = server.port(), .socket_path = {}};
  SECTION("if it answers") {
    options.breaker_pause = 1h;
    redis::Node node(endpoint, {}, options);
    ping_while_busy(node);
    CHECK(ping(node, 30s));
  }
  SECTION("nor as a success, if the server is being tried again") {
    options.breaker_pause = 0ms;
    int changes = 0;
    redis::ConnectionOptions connection;
    connection.on_event = [&](const Event&) { ++changes; };
    redis::Node node(endpoint, connection, options);
    server.kill();
    CHECK_FALSE(ping(node, 30s));
    server.restart();
    ping_while_busy(node);
    CHECK(changes == 1);
    CHECK(ping(node, 30s));
    CHECK(changes == 2);
  }
}
