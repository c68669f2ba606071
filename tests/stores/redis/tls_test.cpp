// TLS: certificates on both sides, and the URL scheme that does not match the port.
#include <libcache/open.h>
#include <sys/socket.h>

#include <catch2/catch_test_macros.hpp>

#include "stores/redis/support.h"
#include "support/certificates.h"
#include "support/loopback_server.h"
#include "support/redis_server.h"
#include "support/scripted_server.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::RedisServer;
using support::ScriptedReply;
using support::ScriptedServer;

TEST_CASE("a TLS client fails at a port that does not speak TLS") {
  const RedisServer server;
  auto options = patient();
  options.redis.connect_timeout = 200ms;
  const auto code = code_of(try_get(*open("rediss://127.0.0.1:" + std::to_string(server.port()), options)));
  CHECK((code == ErrorCode::timeout || code == ErrorCode::refused));
}

TEST_CASE("a server whose certificate is not valid for it gets no command") {
  const support::TemporaryDirectory directory;
  const auto right = directory.path() / "right";
  support::make_certificates(right);
  const auto connect = [&](const std::filesystem::path& certificates, TlsOptions tls) {
    RedisServer server({.tls = true, .certificates = certificates});
    auto options = patient();
    options.redis.tls = std::move(tls);
    return try_put(*open(server.url(), options));
  };
  SECTION("an authority that we do not know") {
    support::make_certificates(directory.path() / "other");
    CHECK(code_of(connect(directory.path() / "other", {.ca_file = right / "ca.crt"})) == ErrorCode::refused);
    CHECK(code_of(connect(directory.path() / "other", {})) == ErrorCode::refused);
  }
  SECTION("a certificate for another address") {
    const auto other = directory.path() / "other";
    support::make_certificates(other, "DNS:localhost,IP:127.0.0.2");
    CHECK(code_of(connect(other, {.ca_file = other / "ca.crt"})) == ErrorCode::refused);
    CHECK(connect(other, {.ca_file = other / "ca.crt", .server_name = "localhost"}).has_value());
    CHECK(code_of(connect(other, {.ca_file = other / "ca.crt", .server_name = "example.org"})) == ErrorCode::refused);
  }
  SECTION("a certificate that has expired") {
    const auto old = directory.path() / "old";
    support::make_certificates(old, "IP:127.0.0.1", -1);
    const auto result = connect(old, {.ca_file = old / "ca.crt"});
    CHECK(code_of(result) == ErrorCode::refused);
    CHECK(message_of(result).find("expired") != std::string::npos);
    CHECK(connect(old, {.insecure = true}).has_value());
  }
}

TEST_CASE("a TLS connection is used again") {
  const support::TemporaryDirectory directory;
  support::make_certificates(directory.path());
  RedisServer server({.tls = true, .certificates = directory.path()});
  auto options = patient();
  options.redis.tls.ca_file = directory.path() / "ca.crt";
  const auto store = open(server.url(), options);
  const auto connections = [&] {
    const std::string stats = server.command({"INFO", "stats"});
    return stats.substr(0, stats.find("total_commands_processed"));
  };
  REQUIRE(try_put(*store));
  const auto before = connections();
  for (int i = 0; i < 5; ++i) CHECK(try_get(*store).value() == "1");
  CHECK(connections() == before);
}

TEST_CASE("TLS files that cannot be used are an error before anything is sent") {
  const auto opened = [](TlsOptions tls) {
    StoreOptions options;
    options.redis.tls = std::move(tls);
    return open_store(StoreUrl::parse("rediss://127.0.0.1").value(), options);
  };
  CHECK(code_of(opened({.ca_file = "/nowhere/ca.crt"})) == ErrorCode::invalid);
  CHECK(code_of(opened({.ca_directory = "/nowhere"})) == ErrorCode::invalid);
  CHECK(code_of(opened({.certificate = "/nowhere/client.crt"})) == ErrorCode::invalid);
  CHECK(code_of(opened({.ciphers = "NO-SUCH-CIPHER"})) == ErrorCode::invalid);
}

TEST_CASE("a server that requires a client certificate gets it") {
  const support::TemporaryDirectory directory;
  support::make_certificates(directory.path());
  RedisServer server({.arguments = {"--tls-auth-clients", "yes"}, .tls = true, .certificates = directory.path()});
  auto options = patient();
  options.redis.tls.ca_file = directory.path() / "ca.crt";
  CHECK(code_of(try_put(*open(server.url(), options))) == ErrorCode::refused);
  options.redis.tls.certificate = directory.path() / "client.crt";
  options.redis.tls.key = directory.path() / "client.key";
  CHECK(try_put(*open(server.url(), options)).value());
}

TEST_CASE("an error on a plain connection suggests rediss if the server may expect TLS") {
  SECTION("a Redis that expects TLS") {
    const support::TemporaryDirectory directory;
    support::make_certificates(directory.path());
    RedisServer server({.tls = true, .certificates = directory.path()});
    const auto result = try_get(*open("redis://127.0.0.1:" + std::to_string(server.port())));
    CHECK(code_of(result) == ErrorCode::unavailable);
    CHECK(contains(message_of(result), "rediss"));
  }
  SECTION("a server that sends a TLS alert") {
    const support::LoopbackServer server([](int socket) {
      char byte = 0;
      if (recv(socket, &byte, 1, 0) > 0) support::send_all(socket, "\x15\x03\x01\x00\x02\x02\x46", 7);
    });
    const auto result = try_get(*open("redis://127.0.0.1:" + std::to_string(server.port())));
    CHECK(contains(message_of(result), "rediss"));
  }
  SECTION("but not if the server has replied before") {
    int commands = 0;
    const ScriptedServer server([&](const std::string&) {
      return ++commands % 2 == 1 ? ScriptedReply{.bytes = "$-1\r\n"}
                                 : ScriptedReply{.bytes = "", .then = ScriptedReply::Then::close};
    });
    const auto store = open(server.url());
    REQUIRE(try_get(*store).has_value());
    const auto lost = store->remove(std::vector<std::string>{"a"}, Deadline::never());
    CHECK(code_of(lost) == ErrorCode::unavailable);
    CHECK_FALSE(contains(message_of(lost), "rediss"));
  }
}
