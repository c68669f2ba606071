// Connections to one Redis that cannot be opened, hang, break or carry garbage.
#include <libcache/open.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <list>
#include <thread>

#include "stores/redis/support.h"
#include "support/redis_server.h"
#include "support/scripted_server.h"
#include "support/toxic_proxy.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::RedisServer;
using support::ScriptedReply;
using support::ScriptedServer;
using support::Toxic;
using support::ToxicProxy;

TEST_CASE("a server that cannot be reached is unavailable") {
  const auto by_tcp = try_get(*open("redis://127.0.0.1:1"));
  CHECK(code_of(by_tcp) == ErrorCode::unavailable);
  CHECK(message_of(by_tcp) == "cannot connect to 127.0.0.1:1: Connection refused");
  CHECK(code_of(try_get(*open("redis+unix:///nowhere/redis.sock"))) == ErrorCode::unavailable);
  CHECK(code_of(try_get(*open("redis://no-such-host.invalid"))) == ErrorCode::unavailable);
}

TEST_CASE("no message contains the password") {
  const auto result = try_get(*open("redis://alice:secret@127.0.0.1:1"));
  CHECK(message_of(result).find("secret") == std::string::npos);
  const ScriptedServer echo([](const std::string&) {
    return ScriptedReply{.bytes = "-ERR unknown command 'AUTH', with args beginning with: 'alice' 'secret' \r\n"};
  });
  const auto echoed = try_get(*open("redis://alice:secret@127.0.0.1:" + std::to_string(echo.port())));
  CHECK(code_of(echoed) == ErrorCode::refused);
  CHECK(message_of(echoed).find("secret") == std::string::npos);
}

TEST_CASE("a server that accepts connections and never answers costs the connect timeout, with and without TLS") {
  const support::LoopbackServer silent(support::ignore_everything);
  auto options = patient();
  options.redis.connect_timeout = 50ms;
  const std::string address = "127.0.0.1:" + std::to_string(silent.port());
  CHECK(code_of(try_get(*open("redis://" + address, options))) == ErrorCode::timeout);
  CHECK(code_of(try_get(*open("rediss://" + address, options))) == ErrorCode::timeout);
}

TEST_CASE("connecting to a unix socket whose queue is full waits for the connect timeout") {
  RedisServer server({.arguments = {"--tcp-backlog", "0"}});
  const std::string url = "redis+unix://" + server.socket_path().string();
  server.send_signal(SIGSTOP);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  REQUIRE(server.socket_path().native().copy(address.sun_path, sizeof(address.sun_path) - 1) > 0);
  std::list<support::Descriptor> queue;
  const auto join = [&] {
    queue.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    return connect(queue.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  };
  while (join()) continue;
  REQUIRE(errno == EAGAIN);
  auto options = patient();
  options.redis.connect_timeout = 50ms;
  CHECK(code_of(try_get(*open(url, options))) == ErrorCode::timeout);
  std::thread waking([&] { server.send_signal(SIGCONT); });
  CHECK(try_get(*open(url)).has_value());
  waking.join();
}

TEST_CASE("a reply that arrives byte by byte does not exceed the deadline") {
  RedisServer server;
  ToxicProxy proxy(server.port());
  const auto store = open(proxy.url());
  REQUIRE(try_put(*store, "a", std::string(4000, 'v')));
  proxy.spoil({.kind = Toxic::Kind::drip, .delay = 20ms});
  CHECK(code_of(store->get("a", Deadline::after(150ms))) == ErrorCode::timeout);
  proxy.heal();
  CHECK(try_get(*store).value() == std::string(4000, 'v'));
}

TEST_CASE("a server that hangs costs the deadline, and is used again when it answers") {
  RedisServer server;
  auto options = patient();
  const auto store = open(server.url(), options);
  REQUIRE(try_put(*store));
  SECTION("stopped") {
    server.send_signal(SIGSTOP);
    CHECK(code_of(store->get("a", Deadline::after(100ms))) == ErrorCode::timeout);
    server.send_signal(SIGCONT);
  }
  SECTION("pausing its clients") {
    server.command({"CLIENT", "PAUSE", "300"});
    CHECK(code_of(store->get("a", Deadline::after(100ms))) == ErrorCode::timeout);
  }
  CHECK(try_get(*store).value() == "1");
}

TEST_CASE("a slow network is waited for") {
  RedisServer server;
  ToxicProxy proxy(server.port());
  proxy.spoil({.kind = Toxic::Kind::latency, .delay = 20ms});
  const auto store = open(proxy.url());
  CHECK(try_put(*store).value());
  CHECK(try_get(*store).value() == "1");
}

TEST_CASE("a connection that is lost in the middle of a reply is opened again, once") {
  RedisServer server;
  ToxicProxy proxy(server.port());
  const auto store = open(proxy.url());
  const std::string value(1000, 'v');
  REQUIRE(try_put(*store, "a", value));
  for (const auto kind : {Toxic::Kind::cut, Toxic::Kind::reset}) {
    for (const std::size_t bytes : {0, 1, 4, 500}) {
      proxy.spoil({.kind = kind, .bytes = bytes}, 1);
      CHECK(try_get(*store).value() == value);
      proxy.spoil({.kind = kind, .bytes = bytes}, 1);
      CHECK(try_put(*store, "a", value).value());
      proxy.spoil({.kind = kind, .bytes = bytes});
      CHECK(code_of(try_get(*store)) == ErrorCode::unavailable);
      proxy.heal();
      REQUIRE(try_get(*store).value() == value);
    }
  }
}

TEST_CASE("a lost connection is opened again as often as the options say") {
  RedisServer server;
  ToxicProxy proxy(server.port());
  for (const unsigned retries : {0U, 1U, 3U}) {
    auto options = patient();
    options.redis.retries = retries;
    const auto store = open(proxy.url(), options);
    REQUIRE(try_put(*store, "a", "1"));
    proxy.spoil({.kind = Toxic::Kind::cut}, static_cast<int>(retries));
    CHECK(try_get(*store).value() == "1");
    proxy.spoil({.kind = Toxic::Kind::cut}, static_cast<int>(retries) + 1);
    CHECK(code_of(try_get(*store)) == ErrorCode::unavailable);
    proxy.heal();
  }
}

TEST_CASE("a command that may have been executed and must not be repeated is not sent again") {
  RedisServer server;
  ToxicProxy proxy(server.port());
  const auto store = open(proxy.url());
  REQUIRE(try_put(*store, "a", "1"));
  proxy.spoil({.kind = Toxic::Kind::cut}, 1);
  CHECK(code_of(store->put("b", "2", {.only_new = true}, Deadline::never())) == ErrorCode::unavailable);
  proxy.spoil({.kind = Toxic::Kind::cut}, 1);
  CHECK(code_of(store->remove(std::vector<std::string>{"a"}, Deadline::never())) == ErrorCode::unavailable);
}

TEST_CASE("an idle connection that the server has closed is not used") {
  RedisServer server;
  const auto store = open(server.url());
  REQUIRE(try_put(*store));
  server.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  CHECK(store->put("b", "2", {.only_new = true}, Deadline::never()).value());
}

TEST_CASE("a server that has restarted is used again") {
  RedisServer server;
  const auto store = open(server.url());
  REQUIRE(try_put(*store));
  server.restart();
  CHECK(try_get(*store).value() == std::nullopt);
}

TEST_CASE("a reply that is not valid RESP is an error after one retry") {
  for (const std::string garbage :
       {"HTTP/1.1 400 Bad Request\r\n", "$99999999999\r\n", "$-7\r\n", "*1000000000\r\n", "%1\r\n+a\r\n+b\r\n"}) {
    INFO(garbage);
    const ScriptedServer server([&](const std::string&) { return ScriptedReply{.bytes = garbage}; });
    CHECK(code_of(try_get(*open(server.url()))) == ErrorCode::refused);
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("an unexpected reply is not taken for the reply to the next command") {
  const ScriptedServer server([&](const std::string& command) {
    return ScriptedReply{.bytes = command.starts_with("GET") ? "$-1\r\n$5\r\nother\r\n" : "+OK\r\n"};
  });
  const auto store = open(server.url());
  CHECK(code_of(try_get(*store)) == ErrorCode::refused);
  CHECK(try_put(*store));
  CHECK(server.connections() == 3);
}

TEST_CASE("a reply that is nested 100,000 levels deep is an error") {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "*1\r\n";
  const ScriptedServer server([&](const std::string&) { return ScriptedReply{.bytes = deep}; });
  CHECK(code_of(try_get(*open(server.url()))) == ErrorCode::refused);
}
