// Listing a Redis: SCAN replies that are malformed or never end.
#include <libcache/open.h>

#include <catch2/catch_test_macros.hpp>

#include "stores/redis/support.h"
#include "support/redis_server.h"
#include "support/scripted_server.h"

using namespace libcache;
using namespace libcache::test;
using support::RedisServer;
using support::ScriptedReply;
using support::ScriptedServer;

namespace {

// A page of SCAN without names.
ScriptedReply page(const std::string& cursor) {
  return {.bytes = "*2\r\n" + support::bulk(cursor) + "*0\r\n"};
}

Result<std::size_t> count_names(Store& store, const std::string& prefix = "") {
  std::size_t names = 0;
  const auto count = [&](const ScanRow&) -> Result<bool> { return ++names > 0; };
  return store.scan(prefix, 0, count, Deadline::never()).map([&] { return names; });
}

}  // namespace

TEST_CASE("a SCAN that never ends is an error") {
  unsigned calls = 0;
  std::function<std::string()> next_cursor;
  SECTION("with the same cursor forever") {
    next_cursor = [] { return "7"; };
  }
  SECTION("with cursors in a circle") {
    next_cursor = [&] { return std::to_string(1 + calls % 5); };
  }
  SECTION("with cursors in a circle that does not include the first ones") {
    next_cursor = [&] { return std::to_string(calls < 10 ? calls : 10 + calls % 3); };
  }
  SECTION("with a new cursor every time") {
    next_cursor = [&] { return std::to_string(calls); };
  }
  const ScriptedServer server([&](const std::string& command) {
    if (!command.starts_with("SCAN")) return ScriptedReply{.bytes = support::bulk("run_id:1\r\n")};
    ++calls;
    return page(next_cursor());
  });
  const auto listed = count_names(*open(server.url()));
  CHECK(code_of(listed) == ErrorCode::refused);
  CHECK(contains(message_of(listed), "SCAN does not end"));
}

TEST_CASE("a malformed reply to SCAN is an error") {
  for (const std::string reply : {"+OK\r\n", "*1\r\n$1\r\n0\r\n", "*0\r\n"}) {
    const ScriptedServer server([&](const std::string& command) {
      return ScriptedReply{.bytes = command.starts_with("SCAN") ? reply : support::bulk("run_id:1\r\n")};
    });
    CHECK(code_of(count_names(*open(server.url()))) == ErrorCode::refused);
  }
}

TEST_CASE("a listing fails if the server claims to be another process after every attempt") {
  unsigned calls = 0;
  const ScriptedServer server([&](const std::string& command) {
    if (command.starts_with("SCAN")) return page("0");
    return ScriptedReply{.bytes = support::bulk("run_id:" + std::to_string(++calls) + "\r\n")};
  });
  CHECK(code_of(count_names(*open(server.url()))) == ErrorCode::unavailable);
}

TEST_CASE("a few names among many of others are all listed") {
  RedisServer server;
  server.command({"DEBUG", "POPULATE", "50000", "theirs"});
  for (int i = 0; i < 20; ++i) server.command({"SET", "ours:" + std::to_string(i), "1"});
  const auto store = open(server.url());
  CHECK(count_names(*store, "ours:").value() == 20);
  CHECK(count_names(*store).value() == 50'020);
}
