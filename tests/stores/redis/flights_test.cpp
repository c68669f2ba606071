// Flights over Redis: leases that expire, leaders that die, and servers that hang.
#include <libcache/flight.h>
#include <signal.h>

#include <catch2/catch_test_macros.hpp>
#include <future>
#include <vector>

#include "stores/redis/scripted_topology.h"
#include "stores/redis/support.h"
#include "support/redis_server.h"
#include "support/wait.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::RedisServer;
using support::ScriptedReply;
using support::ScriptedServer;

namespace {

constexpr const char* kLease = "a_lease{a}";
constexpr long long kLongestLease = 2000;  // milliseconds, within which a dead leader must be detected

Flight join(Store& store) {
  return store.flights()->join("a", Deadline::after(20s)).value();
}

long long time_left(RedisServer& server, const std::string& key) {
  return std::stoll(server.command({"PTTL", key}));
}

// The keys of a leader that died after `pieces` pieces, in the middle of its lease.
void leave_dead_leader(RedisServer& server, int pieces) {
  for (int i = 0; i < pieces; ++i) server.command({"XADD", "a_live_dead{a}", "*", "piece", "begun"});
  server.command({"SET", kLease, "dead 3", "PX", "300"});
}

}  // namespace

TEST_CASE("a lease over Redis expires within 2 seconds and is renewed while it is held") {
  RedisServer server;
  const auto store = open(server.url());
  const auto flight = join(*store);
  REQUIRE(flight.lease);
  CHECK(time_left(server, kLease) > 0);
  CHECK(time_left(server, kLease) < kLongestLease);
  server.command({"PEXPIRE", kLease, "100000"});
  support::wait_for("a renewal", [&] { return time_left(server, kLease) < kLongestLease; });
}

TEST_CASE("a caller that joins after the leader's death gets no bytes of it, and leads soon") {
  RedisServer server;
  const auto store = open(server.url());
  SECTION("if the leader had shared nothing") {
    leave_dead_leader(server, 0);
  }
  SECTION("if the leader had shared a part") {
    leave_dead_leader(server, 3);
  }
  SECTION("if the leader had shared more than one reply contains") {
    leave_dead_leader(server, 700);
  }
  const auto tail = join(*store).tail;
  REQUIRE(tail);
  const auto news = tail->read(Deadline::never()).value();
  CHECK(news.bytes.empty());
  CHECK(news.state == FlightState::abandoned);
  CHECK(join(*store).lease);
}

TEST_CASE("a caller that joins while the leader lives gets the earlier bytes") {
  RedisServer server;
  const auto store = open(server.url());
  const auto flight = join(*store);
  REQUIRE(flight.lease->append("begun", Deadline::after(20s)).has_value());
  const auto tail = join(*store).tail;
  REQUIRE(tail);
  SECTION("with the next piece") {
    CHECK(tail->read(Deadline::after(1ms)).value().bytes.empty());
    REQUIRE(flight.lease->append(",more", Deadline::after(20s)).has_value());
    CHECK(tail->read(Deadline::never()).value().bytes == "begun,more");
  }
  SECTION("with the next renewal of the lease, if the leader shares nothing more") {
    CHECK(tail->read(Deadline::never()).value().bytes == "begun");
  }
  SECTION("with the end of the flight") {
    REQUIRE(flight.lease->end(FlightState::complete, 5, Deadline::after(20s)).has_value());
    const auto news = tail->read(Deadline::never()).value();
    CHECK(news.bytes == "begun");
    CHECK(news.state == FlightState::complete);
  }
}

TEST_CASE("a follower whose leader dies learns that the flight is abandoned") {
  RedisServer server;
  server.command({"SET", kLease, "dying 3", "PX", "60000"});
  const auto store = open(server.url());
  const auto tail = join(*store).tail;
  REQUIRE(tail);
  CHECK(tail->read(Deadline::after(1ms)).value().state == FlightState::flying);
  server.command({"XADD", "a_live_dying{a}", "*", "piece", "begun"});
  CHECK(tail->read(Deadline::never()).value().bytes == "begun");
  server.command({"PEXPIRE", kLease, "1"});
  CHECK(tail->read(Deadline::never()).value().state == FlightState::abandoned);
  CHECK(join(*store).lease);
}

TEST_CASE("a lease over Redis that another caller holds by now is neither renewed nor released") {
  RedisServer server;
  const auto store = open(server.url());
  auto flight = join(*store);
  server.command({"SET", kLease, "somebody else", "PX", "60000"});
  SECTION("when the flight ends") {
    CHECK(flight.lease->end(FlightState::stored, 0, Deadline::after(20s)).has_value());
  }
  SECTION("when the leader gives up") {
    flight.lease.reset();
  }
  CHECK(server.command({"GET", kLease}) == "somebody else");
  CHECK(time_left(server, kLease) > 50'000);
}

TEST_CASE("joining asks again at growing intervals if leases vanish") {
  ScriptedServer server([](const std::string& command) {
    return ScriptedReply{.bytes = command.starts_with("EXISTS") ? ":0\r\n" : "$-1\r\n"};
  });
  const auto store = open(server.url());
  const auto joined = store->flights()->join("a", Deadline::after(300ms));
  CHECK(code_of(joined) == ErrorCode::timeout);
  CHECK(times(server.commands(), "GET a_lease{a}") < 20);
}

TEST_CASE("the keys of flights in Redis expire") {
  RedisServer server;
  const auto store = open(server.url());
  for (const auto how : {FlightState::stored, FlightState::complete, FlightState::abandoned}) {
    const auto flight = join(*store);
    const auto tail = join(*store).tail;
    REQUIRE(flight.lease->append("piece", Deadline::after(20s)).has_value());
    REQUIRE(tail->read(Deadline::after(20s)).has_value());
    REQUIRE(flight.lease->end(how, 5, Deadline::after(20s)).has_value());
  }
  const std::string keys = server.command({"KEYS", "*"});
  CHECK(contains(keys, "_live"));
  CHECK(contains(keys, "_followed"));
  for (std::size_t begin = 0; begin < keys.size();) {
    const std::size_t end = std::min(keys.find('\n', begin), keys.size());
    const auto left = time_left(server, keys.substr(begin, end - begin));
    CHECK(left != -1);
    CHECK(left <= 30'000);
    begin = end + 1;
  }
}

TEST_CASE("flights need no rights on a Redis beyond the commands that flights.h names") {
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
  CHECK(flight.lease->has_followers(Deadline::after(20s)).value());
  CHECK(flight.lease->end(FlightState::stored, 5, Deadline::after(20s)).has_value());
  CHECK(tail->read(Deadline::after(20s)).value().state == FlightState::stored);
  CHECK(join(*store).lease);
}

TEST_CASE("a Redis that stops answering delays neither leader nor follower beyond the operation timeout") {
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

TEST_CASE("a follower of a Redis that stops answering has no news at its deadline, and goes on afterwards") {
  RedisServer server;
  const auto store = open(server.url());
  const auto flight = join(*store);
  const auto tail = join(*store).tail;
  server.send_signal(SIGSTOP);
  CHECK(tail->read(Deadline::after(10ms)).value().state == FlightState::flying);
  server.send_signal(SIGCONT);
  CHECK(flight.lease->append("piece", Deadline::after(20s)).has_value());
  CHECK(tail->read(Deadline::after(20s)).value().bytes == "piece");
}

TEST_CASE("many followers in one process leave connections to other callers") {
  RedisServer server;
  auto options = patient();
  options.redis.pool.size = 2;
  options.redis.operation_timeout = 500ms;
  const auto store = open(server.url(), options);
  const auto flight = join(*store);
  std::vector<std::future<bool>> followers;
  for (int i = 0; i < 16; ++i) {
    followers.push_back(std::async(std::launch::async, [tail = std::shared_ptr(join(*store).tail)] {
      return tail->read(Deadline::after(2s)).has_value();
    }));
  }
  for (int i = 0; i < 20; ++i) CHECK(try_get(*store).has_value());
  for (auto& follower : followers) CHECK(follower.get());
}
