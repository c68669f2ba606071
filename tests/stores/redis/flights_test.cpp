// What is particular to flights over Redis: keys that expire.
#include <libcache/flight.h>
#include <signal.h>

#include <catch2/catch_test_macros.hpp>

#include "stores/redis/testing.h"
#include "support/redis_server.h"
#include "support/wait.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::RedisServer;

namespace {

constexpr const char* kLease = "a_lease{a}";

Flight join(Store& store) {
  return flights_of(store)->join("a", Deadline::after(20s)).value();
}

long long time_left(RedisServer& server, const std::string& key) {
  return std::stoll(server.command({"PTTL", key}));
}

}  // namespace

TEST_CASE("a lease over Redis lasts a few seconds and is renewed while it is held") {
  RedisServer server;
  const auto store = open(server.url());
  const auto flight = join(*store);
  REQUIRE(flight.lease);
  CHECK(time_left(server, kLease) > 0);
  CHECK(time_left(server, kLease) <= 5000);
  server.command({"PEXPIRE", kLease, "100000"});
  support::wait_for("a renewal", [&] { return time_left(server, kLease) <= 5000; });
}

TEST_CASE("a lease over Redis whose holder is gone is free once it has expired, and its followers notice") {
  RedisServer server;
  server.command({"SET", kLease, "of somebody who died", "PX", "60000"});
  server.command({"XADD", "a_live{a}of somebody who died", "*", "piece", "begun"});
  const auto store = open(server.url());
  const auto tail = join(*store).tail;
  REQUIRE(tail);
  CHECK(tail->read(Deadline::after(20s)).value().bytes == "begun");
  CHECK(tail->read(Deadline::after(1ms)).value().state == FlightState::flying);
  server.command({"PEXPIRE", kLease, "1"});
  CHECK(tail->read(Deadline::never()).value().state == FlightState::abandoned);
  CHECK(join(*store).lease);
}

TEST_CASE("a lease over Redis that somebody else has by now is neither renewed nor released") {
  RedisServer server;
  const auto store = open(server.url());
  auto flight = join(*store);
  server.command({"SET", kLease, "somebody else", "PX", "60000"});
  SECTION("by landing") {
    CHECK(flight.lease->end(FlightState::stored, 0, Deadline::after(20s)).has_value());
  }
  SECTION("by giving up") {
    flight.lease.reset();
  }
  CHECK(server.command({"GET", kLease}) == "somebody else");
  CHECK(time_left(server, kLease) > 50'000);
}

TEST_CASE("what flights leave in Redis expires by itself") {
  RedisServer server;
  const auto store = open(server.url());
  for (const bool lands : {true, false}) {
    const auto flight = join(*store);
    REQUIRE(flight.lease->append("piece", Deadline::after(20s)).has_value());
    if (lands) REQUIRE(flight.lease->end(FlightState::stored, 5, Deadline::after(20s)).has_value());
  }
  const std::string keys = server.command({"KEYS", "*"});
  CHECK(keys.find("_live") != std::string::npos);
  for (std::size_t begin = 0; begin < keys.size();) {
    const std::size_t end = std::min(keys.find('\n', begin), keys.size());
    const auto left = time_left(server, keys.substr(begin, end - begin));
    CHECK(left > 0);
    CHECK(left <= 30'000);
    begin = end + 1;
  }
}

TEST_CASE("flights need no more rights on a Redis than the commands that they name") {
  RedisServer server;
  server.command({"ACL", "SETUSER", "limited", "on", ">secret", "~a*", "-@all", "+client|setname", "+set", "+get",
                  "+exists", "+xadd", "+pexpire", "+xread", "+watch", "+unwatch", "+multi", "+exec", "+del"});
  auto options = patient();
  options.redis.user = "limited";
  options.redis.password = "secret";
  const auto store = open(server.url(), options);
  const auto flight = join(*store);
  const auto tail = join(*store).tail;
  CHECK(flight.lease->append("piece", Deadline::after(20s)).has_value());
  CHECK(tail->read(Deadline::after(20s)).value().bytes == "piece");
  CHECK(flight.lease->end(FlightState::stored, 5, Deadline::after(20s)).has_value());
  CHECK(tail->read(Deadline::after(20s)).value().state == FlightState::stored);
  CHECK(join(*store).lease);
}

TEST_CASE("a Redis that stops answering does not hold up a leader or a follower beyond the operation's time") {
  RedisServer server;
  auto options = patient();
  options.redis.operation_timeout = 200ms;
  const auto store = open(server.url(), options);
  auto flight = join(*store);
  const auto tail = join(*store).tail;
  server.send_signal(SIGSTOP);
  CHECK_FALSE(flight.lease->append("piece", Deadline::never()).has_value());
  CHECK_FALSE(tail->read(Deadline::never()).has_value());
  flight.lease.reset();
  server.send_signal(SIGCONT);
}
