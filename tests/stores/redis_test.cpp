#include <libcache/store.h>

#include <catch2/catch_test_macros.hpp>

#include "stores/conformance.h"
#include "support/certificates.h"
#include "support/redis_server.h"

using namespace libcache;
using namespace std::chrono_literals;
using support::RedisServer;

namespace {

std::unique_ptr<Store> open(const std::string& url, RedisOptions redis = {}) {
  // A loaded machine is no reason to fail.
  redis.connect_timeout = 10s;
  redis.operation_timeout = 20s;
  StoreOptions options;
  options.redis = redis;
  auto store = open_store(StoreUrl::parse(url).value(), options);
  INFO((store ? "" : store.error().message));
  REQUIRE(store.has_value());
  return std::move(*store);
}

// Redis has a clock of its own: time passes by taking it away from every key.
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

test::StoreUnderTest under_test(std::shared_ptr<RedisServer> server, const std::string& url,
                                const RedisOptions& options = {}) {
  server->command({"FLUSHALL"});
  return {
      .surroundings = server,
      .store = open(url, options),
      .now = system_now,
      .advance = [server](Milliseconds time) { advance(*server, time); },
  };
}

}  // namespace

TEST_CASE("a Redis store over TCP keeps the contract of every store") {
  const auto server = std::make_shared<RedisServer>();
  test::check_conformance([&] { return under_test(server, server->url()); });
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
  const RedisOptions options{.tls = {.ca_file = directory.path() / "ca.crt"}};
  test::check_conformance([&] { return under_test(server, server->url(), options); });
}
