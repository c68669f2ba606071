// Users, passwords and rights.
#include <libcache/open.h>

#include <catch2/catch_test_macros.hpp>

#include "stores/redis/support.h"
#include "support/redis_server.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::RedisServer;

TEST_CASE("missing and wrong credentials are an error, and correct ones are accepted") {
  RedisServer server({.arguments = {"--requirepass", "secret"}, .password = "secret"});
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  CHECK(message_of(try_get(*open("redis://" + address))).find("NOAUTH") != std::string::npos);
  CHECK(code_of(try_get(*open("redis://" + address))) == ErrorCode::refused);
  CHECK(code_of(try_get(*open("redis://:wrong@" + address))) == ErrorCode::refused);
  CHECK(code_of(try_get(*open("redis://nobody:secret@" + address))) == ErrorCode::refused);
  CHECK(try_get(*open("redis://:secret@" + address)).has_value());
  CHECK(try_get(*open("redis://default:secret@" + address)).has_value());
  auto options = patient();
  options.redis.password = "secret";
  CHECK(try_get(*open("redis://:wrong@" + address, options)).has_value());
}

TEST_CASE("a password that the server does not require causes a warning") {
  RedisServer server;
  Events events;
  auto options = patient();
  options.on_event = events.handler();
  CHECK(try_put(*open("redis://:secret@127.0.0.1:" + std::to_string(server.port()), options)).value());
  CHECK(events.names() == std::vector<std::string>{"store.password_not_needed"});
}

TEST_CASE("a missing right is named, and the rights in the manual are enough") {
  RedisServer server;
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  SECTION("no right to read") {
    server.command({"ACL", "SETUSER", "alice", "on", ">secret", "~llmcache:*", "+set"});
    const auto store = open("redis://alice:secret@" + address);
    CHECK(code_of(try_get(*store, "llmcache:a")) == ErrorCode::refused);
    CHECK(message_of(try_get(*store, "llmcache:a")).find("'get' command") != std::string::npos);
  }
  SECTION("no right to the name") {
    server.command({"ACL", "SETUSER", "alice", "on", ">secret", "~llmcache:*", "+get"});
    const auto result = try_get(*open("redis://alice:secret@" + address), "other:a");
    CHECK(code_of(result) == ErrorCode::refused);
    CHECK(message_of(result).find("NOPERM") != std::string::npos);
  }
  SECTION("no right to select the database of the URL") {
    server.command({"ACL", "SETUSER", "alice", "on", ">secret", "~llmcache:*", "+get"});
    const auto result = try_get(*open("redis://alice:secret@" + address + "/1"), "llmcache:a");
    CHECK(code_of(result) == ErrorCode::refused);
    CHECK(message_of(result).find("'select' command") != std::string::npos);
  }
  SECTION("the fewest rights") {
    server.command({"ACL", "SETUSER", "alice", "on", ">secret", "~llmcache:*", "+get", "+set", "+unlink", "+scan",
                    "+strlen", "+getrange", "+pttl", "+ping"});
    const auto store = open("redis://alice:secret@" + address);
    CHECK(try_put(*store, "llmcache:a").value());
    CHECK(try_put(*store, "llmcache:large", std::string(2 << 20, 'v')).value());
    CHECK(try_get(*store, "llmcache:a").value() == "1");
    std::size_t seen = 0;
    const auto count = [&](const ScanRow&) -> Result<bool> { return ++seen > 0; };
    CHECK(store->scan("llmcache:", 10, count, Deadline::never()).has_value());
    CHECK(seen == 2);
    CHECK(store->remove(std::vector<std::string>{"llmcache:a"}, Deadline::never()).value() == 1);
    CHECK(store->ping(Deadline::never()).has_value());
  }
}
