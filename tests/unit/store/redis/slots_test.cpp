#include "store/redis/wire/slots.h"

#include <catch2/catch_test_macros.hpp>

#include "store/redis/wire/reply.h"

using namespace libcache;

using namespace libcache::internal;
using redis::Endpoint;
using redis::slot_of;

namespace {

const Endpoint kAsked{.host = "10.0.0.1", .port = 7000, .socket_path = {}};

redis::Reply parse_reply(std::string_view bytes) {
  redis::ReplyParser parser;
  parser.feed(bytes);
  return std::move(parser.next().value().value());
}

}  // namespace

TEST_CASE("slots are computed as the cluster specification says") {
  CHECK(slot_of("") == 0);
  CHECK(slot_of("123456789") == 12739);
  CHECK(slot_of("foo") == 12182);
  CHECK(slot_of("\xff\x80") == slot_of("{\xff\x80}"));
}

TEST_CASE("only the hash tag counts, if a key has one") {
  CHECK(slot_of("{user1000}.following") == slot_of("user1000"));
  CHECK(slot_of("a{user1000}b") == slot_of("user1000"));
  CHECK(slot_of("foo{{bar}}zap") == slot_of("{bar"));
  CHECK(slot_of("foo{bar}{zap}") == slot_of("bar"));
  CHECK(slot_of("foo{}{bar}") != slot_of("bar"));
  CHECK(slot_of("foo{bar") != slot_of("bar"));
}

TEST_CASE("the reply to CLUSTER SLOTS is parsed with masters and replicas") {
  const auto ranges =
      redis::parse_slots(
          parse_reply("*2\r\n*4\r\n:0\r\n:100\r\n*2\r\n$8\r\n10.0.0.2\r\n:7001\r\n*2\r\n$8\r\n10.0.0.3\r\n:7002\r\n"
                      "*3\r\n:101\r\n:16383\r\n*3\r\n$-1\r\n:7003\r\n$2\r\nid\r\n"),
          kAsked)
          .value();
  REQUIRE(ranges.size() == 2);
  CHECK(ranges[0].first == 0);
  CHECK(ranges[0].last == 100);
  CHECK(ranges[0].master == Endpoint{"10.0.0.2", 7001, {}});
  CHECK(ranges[0].replicas == std::vector{Endpoint{"10.0.0.3", 7002, {}}});
  CHECK(ranges[1].master == Endpoint{"10.0.0.1", 7003, {}});
}

TEST_CASE("a server whose host is unknown is left out") {
  CHECK(redis::parse_slots(parse_reply("*1\r\n*3\r\n:0\r\n:9\r\n*2\r\n$1\r\n?\r\n:7003\r\n"), kAsked)->empty());
}

TEST_CASE("a malformed reply to CLUSTER SLOTS is an error") {
  for (const std::string bytes :
       {"*1\r\n:1\r\n", "*1\r\n*2\r\n:0\r\n:9\r\n", "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n+h\r\n:1\r\n",
        "*1\r\n*3\r\n:-1\r\n:9\r\n*2\r\n+h\r\n:1\r\n", "*1\r\n*3\r\n:0\r\n:9\r\n*2\r\n+h\r\n:0\r\n",
        "*1\r\n*3\r\n:0\r\n:9\r\n*1\r\n+h\r\n", "*1\r\n*3\r\n:0\r\n:9\r\n*2\r\n+h\r\n:65536\r\n"}) {
    INFO(bytes);
    const auto ranges = redis::parse_slots(parse_reply(bytes), kAsked);
    REQUIRE_FALSE(ranges.has_value());
    CHECK(ranges.error().code == ErrorCode::refused);
  }
}

TEST_CASE("a redirection names a server, by default on the host that sent it, or is an error") {
  CHECK(redis::parse_redirection("MOVED 3999 10.0.0.2:6381", kAsked) == Endpoint{"10.0.0.2", 6381, {}});
  CHECK(redis::parse_redirection("ASK 3999 fe80::1:6381", kAsked) == Endpoint{"fe80::1", 6381, {}});
  CHECK(redis::parse_redirection("MOVED 3999 :6381", kAsked) == Endpoint{"10.0.0.1", 6381, {}});
  for (const std::string text : {"MOVED", "MOVED 3999", "MOVED 3999 host:", "MOVED 3999 host:0", "MOVED 3999 host:1x",
                                 "MOVED 3999 host:65536"}) {
    INFO(text);
    CHECK_FALSE(redis::parse_redirection(text, kAsked).has_value());
  }
}
