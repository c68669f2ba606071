#include <libcache/open.h>

#include <catch2/catch_test_macros.hpp>

#include "stores/conformance.h"
#include "stores/redis/support.h"
#include "support/certificates.h"
#include "support/redis_cluster.h"
#include "support/redis_sentinels.h"
#include "support/redis_server.h"

using namespace libcache;
using namespace std::chrono_literals;
using support::RedisServer;

namespace {

// Redis has its own clock: to let time pass, the time left is reduced for every key.
void advance(RedisServer& server, Milliseconds time) {
  const std::string keys = server.command({"KEYS", "*"});
  for (std::size_t begin = 0; begin < keys.size();) {
    const std::size_t end = std::min(keys.find('\n', begin), keys.size());
    const std::string key = keys.substr(begin, end - begin);
    const auto left = std::stoll(server.command({"PTTL", key}));
    if (left >= 0) server.command({"PEXPIRE", key, std::to_string(left - time.count())});
    begin = end + 1;
  }
}

std::shared_ptr<support::RedisCluster> the_cluster() {
  static const auto cluster = std::make_shared<support::RedisCluster>();
  return cluster;
}

std::shared_ptr<support::RedisSentinels> the_sentinels() {
  static const auto sentinels = std::make_shared<support::RedisSentinels>();
  return sentinels;
}

test::StoreUnderTest under_test(std::shared_ptr<RedisServer> server, const std::string& url,
                                const StoreOptions& options = test::patient()) {
  server->command({"FLUSHALL"});
  return {
      .surroundings = server,
      .store = test::open(url, options),
      .now = system_now,
      .advance = [server](Milliseconds time) { advance(*server, time); },
  };
}

test::StoreUnderTest over_sentinels() {
  const auto sentinels = the_sentinels();
  const std::shared_ptr<RedisServer> master(sentinels, &sentinels->master());
  return under_test(master, sentinels->url());
}

test::StoreUnderTest over_a_cluster() {
  const auto cluster = the_cluster();
  cluster->flush();
  return {
      .surroundings = cluster,
      .store = test::open(cluster->url()),
      .now = system_now,
      .advance =
          [cluster](Milliseconds time) {
            for (std::size_t i = 0; i < support::RedisCluster::kMasters; ++i) advance(cluster->server(i), time);
          },
  };
}

}  // namespace

TEST_CASE("a Redis store over TCP keeps the contract of every store") {
  const auto server = std::make_shared<RedisServer>();
  test::check_conformance([&] { return under_test(server, server->url()); });
}

TEST_CASE("a Redis store over TCP keeps the contract of flights") {
  const auto server = std::make_shared<RedisServer>();
  test::check_flights([&] { return under_test(server, server->url()); });
}

TEST_CASE("a Redis store over a unix socket keeps the contract of every store") {
  const auto server = std::make_shared<RedisServer>();
  test::check_conformance([&] { return under_test(server, "redis+unix://" + server->socket_path().string()); });
}

TEST_CASE("a Redis store over TLS keeps the contract of every store") {
  const support::TemporaryDirectory directory;
  support::make_certificates(directory.path());
  const auto server =
      std::make_shared<RedisServer>(support::RedisOptions{.tls = true, .certificates = directory.path()});
  auto options = test::patient();
  options.redis.tls.ca_file = directory.path() / "ca.crt";
  test::check_conformance([&] { return under_test(server, server->url(), options); });
}

TEST_CASE("a Redis store over sentinels keeps the contract of every store") {
  test::check_conformance(over_sentinels);
}

TEST_CASE("a Redis store over sentinels keeps the contract of flights") {
  test::check_flights(over_sentinels);
}

TEST_CASE("a Redis store over a cluster keeps the contract of every store") {
  test::check_conformance(over_a_cluster);
}

TEST_CASE("a Redis store over a cluster keeps the contract of flights") {
  test::check_flights(over_a_cluster);
}

TEST_CASE("on a Redis server and on a cluster, one session never sees an entry of another") {
  const auto server = std::make_shared<RedisServer>();
  test::check_sessions([&] { return under_test(server, server->url()); });
  test::check_sessions(over_a_cluster);
}
