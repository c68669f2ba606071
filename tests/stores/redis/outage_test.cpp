// Servers that stay down: how often they are tried.
#include <libcache/open.h>
#include <sys/socket.h>

#include <catch2/catch_test_macros.hpp>

#include "stores/redis/support.h"
#include "support/loopback_server.h"
#include "support/redis_server.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::RedisServer;

TEST_CASE("a server that is down is tried a few times, and then not until the pause is over") {
  const support::LoopbackServer dead([](int) {});
  Events events;
  auto options = patient();
  options.on_event = events.handler();
  options.redis.breaker_failures = 3;
  options.redis.breaker_pause = 1h;
  const auto store = open("redis://127.0.0.1:" + std::to_string(dead.port()), options);
  for (int i = 0; i < 100; ++i) CHECK(code_of(try_get(*store)) == ErrorCode::unavailable);
  CHECK(dead.connections() == 6);  // each of three calls tried twice
  CHECK(events.names() == std::vector<std::string>{"store.unavailable"});
}

TEST_CASE("a cluster or sentinels that do not answer are not asked again until the pause is over") {
  const support::LoopbackServer silent(support::ignore_everything);
  const std::string address = "127.0.0.1:" + std::to_string(silent.port());
  auto options = patient();
  options.redis.connect_timeout = 50ms;
  options.redis.operation_timeout = 100ms;
  for (const auto& url : {"redis+cluster://" + address, "redis+sentinel://" + address + "/main"}) {
    INFO(url);
    options.redis.breaker_pause = 1h;
    const auto store = open(url, options);
    CHECK(code_of(try_get(*store)) == ErrorCode::timeout);
    const auto connections = silent.connections();
    for (int i = 0; i < 100; ++i) CHECK(code_of(try_get(*store)) == ErrorCode::unavailable);
    CHECK(silent.connections() == connections);
    options.redis.breaker_pause = 0ms;
    const auto hopeful = open(url, options);
    CHECK(code_of(try_get(*hopeful)) == ErrorCode::timeout);
    CHECK(code_of(try_get(*hopeful)) == ErrorCode::timeout);
  }
}

TEST_CASE("a server that answers again is used after the pause") {
  RedisServer server;
  Events events;
  auto options = patient();
  options.on_event = events.handler();
  options.redis.breaker_failures = 1;
  options.redis.breaker_pause = 0ms;
  const auto store = open(server.url(), options);
  server.kill();
  CHECK(code_of(try_get(*store)) == ErrorCode::unavailable);
  server.restart();
  CHECK(try_get(*store).value() == std::nullopt);
  CHECK(events.names() == std::vector<std::string>{"store.unavailable", "store.available"});
}
