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
using redis::Pool;
using support::RedisServer;

namespace {

Pool make_pool(const RedisServer& server, const PoolOptions& options) {
  redis::ConnectionOptions connection;
  connection.client_name = "test";  // by which the server has seen a connection once it is open here
  return Pool({.host = "127.0.0.1", .port = server.port(), .socket_path = {}}, connection, options, 10s);
}

Pool::Lease acquire(Pool& pool) {
  auto lease = pool.acquire(Deadline::after(30s));
  REQUIRE(lease.has_value());
  return std::move(*lease);
}

long number_in(RedisServer& server, const std::string& section, const std::string& field) {
  const std::string info = server.command({"INFO", section});
  return std::stol(info.substr(info.find(field + ":") + field.size() + 1));
}

// Without that of the test itself.
long open_connections(RedisServer& server) {
  return number_in(server, "clients", "connected_clients") - 1;
}

void wait_for_connections(RedisServer& server, long number) {
  support::wait_for(std::to_string(number) + " connections", [&] { return open_connections(server) == number; });
}

}  // namespace

TEST_CASE("a pool opens connections when they are needed, and uses them again") {
  RedisServer server;
  Pool pool = make_pool(server, {});
  CHECK(open_connections(server) == 0);
  const auto before = number_in(server, "stats", "total_connections_received");
  for (int i = 0; i < 10; ++i) acquire(pool);
  CHECK(number_in(server, "stats", "total_connections_received") == before + 1);
  {
    const auto first = acquire(pool);
    const auto second = acquire(pool);
    CHECK(open_connections(server) == 2);
  }
  CHECK(open_connections(server) == 2);
  pool.close_idle();
  wait_for_connections(server, 0);
}

TEST_CASE("a caller waits for a connection when as many as allowed are in use, but not beyond the deadline") {
  RedisServer server;
  Pool pool = make_pool(server, {.size = 1});
  std::optional<Pool::Lease> only = acquire(pool);
  const auto refused = pool.acquire(Deadline::after(10ms));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::timeout);
  std::atomic<bool> acquired = false;
  std::thread waiting([&] { acquired = pool.acquire(Deadline::after(30s)).has_value(); });
  only.reset();
  waiting.join();
  CHECK(acquired);
}

TEST_CASE("no more connections are kept than wanted") {
  RedisServer server;
  Pool pool = make_pool(server, {.max_idle = 1});
  {
    const auto first = acquire(pool);
    const auto second = acquire(pool);
    const auto third = acquire(pool);
  }
  wait_for_connections(server, 1);
}

TEST_CASE("connections that are too old or were idle for too long are replaced") {
  RedisServer server;
  SECTION("too old") {
    Pool pool = make_pool(server, {.max_lifetime = -1ms});
    acquire(pool);
    const auto before = number_in(server, "stats", "total_connections_received");
    acquire(pool);
    CHECK(number_in(server, "stats", "total_connections_received") == before + 1);
  }
  SECTION("idle, all but those that are to be kept") {
    Pool pool = make_pool(server, {.min_idle = 1, .max_idle_time = -1ms});
    {
      const auto first = acquire(pool);
      const auto second = acquire(pool);
    }
    const auto before = number_in(server, "stats", "total_connections_received");
    acquire(pool);
    CHECK(number_in(server, "stats", "total_connections_received") == before);
    wait_for_connections(server, 1);
  }
}

TEST_CASE("a connection that was closed by the server or discarded is not used again") {
  RedisServer server;
  Pool pool = make_pool(server, {.size = 1});
  acquire(pool);
  server.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  acquire(pool).discard();
  auto lease = acquire(pool);
  const redis::Command ping = {"PING"};
  CHECK(lease->run({&ping, 1}, Deadline::after(30s)).value()[0].text == "PONG");
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
        auto lease = pool.acquire(Deadline::after(30s));
        if (!lease || ++in_use > 3) ++problems;
        if (lease && round % 10 == 0) lease->discard();
        --in_use;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(problems == 0);
  CHECK(open_connections(server) <= 3);
}

TEST_CASE("that all connections are in use is no failure of the server") {
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
    const auto use = [&](redis::Connection&) -> Status {
      const auto waited = ping(node, 10ms);
      REQUIRE_FALSE(waited.has_value());
      CHECK(waited.error().code == ErrorCode::timeout);
      return {};
    };
    CHECK(node.on_one_connection(use, Deadline::after(30s)));
  };
  const redis::Endpoint endpoint = {.host = "127.0.0.1", .port = server.port(), .socket_path = {}};
  SECTION("of one that answers") {
    options.breaker_pause = 1h;
    redis::Node node(endpoint, {}, options);
    ping_while_busy(node);
    CHECK(ping(node, 30s));
  }
  SECTION("nor a sign that it is back, of one that is tried again") {
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
