#include "store/redis/wire/reply.h"

#include <catch2/catch_test_macros.hpp>

using namespace libcache;

using namespace libcache::internal;
using redis::Reply;
using redis::ReplyParser;

namespace {

Reply parse(std::string_view bytes) {
  ReplyParser parser;
  parser.feed(bytes);
  auto reply = parser.next();
  REQUIRE(reply.has_value());
  REQUIRE(reply->has_value());
  return std::move(**reply);
}

// The parser's error for bytes that violate the protocol or a limit.
std::string error_for(std::string_view bytes, redis::ReplyLimits limits = {}) {
  ReplyParser parser(limits);
  parser.feed(bytes);
  const auto reply = parser.next();
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code == ErrorCode::refused);
  return reply.error().message;
}

std::string repeated(std::string_view piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

}  // namespace

TEST_CASE("each type of reply is parsed") {
  CHECK(parse("+OK\r\n").type == Reply::Type::status);
  CHECK(parse("+OK\r\n").text == "OK");
  CHECK(parse("-ERR no\r\n").is_error());
  CHECK(parse("-ERR no\r\n").text == "ERR no");
  CHECK(parse(":-17\r\n").integer == -17);
  CHECK(parse("$-1\r\n").is_nil());
  CHECK(parse("*-1\r\n").is_nil());
  CHECK(parse("$0\r\n\r\n").type == Reply::Type::string);
  CHECK(parse(std::string("$3\r\na\0\n\r\n", 9)).text == std::string("a\0\n", 3));
}

TEST_CASE("nested arrays are parsed") {
  const Reply reply = parse("*3\r\n*2\r\n:1\r\n*1\r\n$1\r\na\r\n$-1\r\n*2\r\n+b\r\n*0\r\n");
  REQUIRE(reply.elements.size() == 3);
  CHECK(reply.elements[0].elements[0].integer == 1);
  CHECK(reply.elements[0].elements[1].elements[0].text == "a");
  CHECK(reply.elements[1].is_nil());
  CHECK(reply.elements[2].elements[0].text == "b");
  CHECK(reply.elements[2].elements[1].elements.empty());
}

TEST_CASE("replies are parsed wherever the stream of bytes is cut") {
  const std::string stream = "*2\r\n$5\r\nhello\r\n:7\r\n+OK\r\n";
  ReplyParser parser;
  std::vector<Reply> replies;
  for (const char byte : stream) {
    parser.feed({&byte, 1});
    auto reply = parser.next();
    REQUIRE(reply.has_value());
    if (*reply) replies.push_back(std::move(**reply));
  }
  REQUIRE(replies.size() == 2);
  CHECK(replies[0].elements[0].text == "hello");
  CHECK(replies[0].elements[1].integer == 7);
  CHECK(replies[1].text == "OK");
}

TEST_CASE("a string whose declared size is too large is an error before its bytes arrive") {
  CHECK(error_for("$536870913\r\n") == "the reply is too large");
  CHECK(error_for("$9223372036854775807\r\nabc") == "the reply is too large");
  CHECK(error_for("*2\r\n$1\r\na\r\n$99999999999\r\n") == "the reply is too large");
}

TEST_CASE("strings that are too large together are an error") {
  CHECK(error_for("*2\r\n$3\r\nabc\r\n$3\r\nabc\r\n", {.bytes = 5}) == "the reply is too large");
}

TEST_CASE("an endless line is an error") {
  CHECK(error_for("+" + std::string(100'000, 'a')) == "a line of the reply is too long");
  CHECK(error_for("$" + std::string(100'000, 'a')) == "a line of the reply is too long");
}

TEST_CASE("arrays that are too large, too large together or nested too deeply are an error") {
  CHECK(error_for("*4294967295\r\n") == "the reply has too many elements");
  CHECK(error_for("*3\r\n*2\r\n+a\r\n+b\r\n*1\r\n+c\r\n", {.elements = 5}) == "the reply has too many elements");
  CHECK(error_for(repeated("*1\r\n", 100'000)) == "the reply is nested too deeply");
}

TEST_CASE("bytes that are not a RESP2 reply are an error") {
  for (const std::string bytes : {"HTTP/1.1 400 Bad Request\r\n\r\n", "$-2\r\n", "$x\r\n", "*-2\r\n", ":1x\r\n",
                                  "%1\r\n+a\r\n+b\r\n", ">1\r\n+a\r\n", ",1.5\r\n", "#t\r\n", "(12\r\n"}) {
    INFO(bytes);
    CHECK_FALSE(error_for(bytes).empty());
  }
}

TEST_CASE("an error message about invalid bytes contains no control characters") {
  CHECK(error_for("\x1b[2J").find('\x1b') == std::string::npos);
}
