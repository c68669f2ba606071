// A Redis that rejects commands: what each error reply means for the caller.
#include <libcache/open.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "stores/redis/support.h"
#include "support/redis_server.h"
#include "support/scripted_server.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::RedisServer;
using support::ScriptedReply;
using support::ScriptedServer;

namespace {

Status visit_all(Store& store) {
  return store.scan("", 0, [](const ScanRow&) -> Result<bool> { return true; }, Deadline::never());
}

}  // namespace

TEST_CASE("a replica rejects a write, and its connections are closed") {
  RedisServer server({.arguments = {"--replicaof", "127.0.0.1 1"}});
  const auto store = open(server.url());
  const auto written = try_put(*store);
  CHECK(code_of(written) == ErrorCode::refused);
  CHECK(message_of(written).find("READONLY") != std::string::npos);
  server.command({"REPLICAOF", "NO", "ONE"});
  CHECK(try_put(*store).value());
}

TEST_CASE("a write that a replica rejects is sent again on a new connection, which may lead to the new master") {
  int writes = 0;
  ScriptedServer server([&](const std::string&) {
    return ScriptedReply{.bytes =
                             ++writes == 1 ? "-READONLY You can't write against a read only replica.\r\n" : "+OK\r\n"};
  });
  CHECK(try_put(*open(server.url())).value());
  CHECK(server.connections() == 2);
}

TEST_CASE("a server that is out of memory rejects writes, and still reads, removes and lists") {
  RedisServer server;
  const auto store = open(server.url());
  REQUIRE(try_put(*store));
  server.command({"CONFIG", "SET", "maxmemory", "1"});
  CHECK(code_of(try_put(*store, "b")) == ErrorCode::refused);
  CHECK(try_get(*store).value() == "1");
  CHECK(visit_all(*store).has_value());
  CHECK(store->remove(std::vector<std::string>{"a"}, Deadline::never()).value() == 1);
}

TEST_CASE("a server that cannot save its data rejects writes") {
  RedisServer server({.arguments = {"--enable-protected-configs", "local"}});
  const auto doomed = server.directory() / "doomed";
  std::filesystem::create_directory(doomed);
  REQUIRE(server.command({"CONFIG", "SET", "dir", doomed.string()}) == "OK");
  REQUIRE(server.command({"CONFIG", "SET", "save", "3600 1"}) == "OK");
  std::filesystem::remove(doomed);
  server.command({"BGSAVE"});
  while (server.command({"INFO", "persistence"}).find("rdb_last_bgsave_status:err") == std::string::npos) continue;
  const auto written = try_put(*open(server.url()));
  CHECK(code_of(written) == ErrorCode::refused);
  CHECK(message_of(written).find("MISCONF") != std::string::npos);
}

TEST_CASE("a master that lacks the replicas it requires rejects writes") {
  RedisServer server({.arguments = {"--min-replicas-to-write", "1"}});
  CHECK(code_of(try_put(*open(server.url()))) == ErrorCode::refused);
}

TEST_CASE("a server that is busy with a script is unavailable") {
  RedisServer server({.arguments = {"--busy-reply-threshold", "1"}});
  const auto store = open(server.url());
  REQUIRE(try_put(*store));
  server.send({"EVAL", "while true do end", "0"});
  while (store->ping(Deadline::never())) continue;
  CHECK(code_of(try_get(*store)) == ErrorCode::unavailable);
}

TEST_CASE("a server with too many clients is unavailable, and the message says why") {
  RedisServer server({.arguments = {"--maxclients", "1"}});
  const auto result = try_get(*open(server.url()));
  CHECK(code_of(result) == ErrorCode::unavailable);
  CHECK(message_of(result).find("max number of clients") != std::string::npos);
}

TEST_CASE("a replica that has lost its master is unavailable") {
  RedisServer server({.arguments = {"--replicaof", "127.0.0.1 1", "--replica-serve-stale-data", "no"}});
  CHECK(code_of(try_get(*open(server.url()))) == ErrorCode::unavailable);
}

TEST_CASE("a server that is loading its data is waited for") {
  RedisServer server;
  server.command({"DEBUG", "POPULATE", "300"});
  server.command({"SET", "a", "1"});
  REQUIRE(server.command({"SAVE"}) == "OK");
  server.restart({"--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"});
  REQUIRE(server.command({"GET", "a"}).starts_with("-LOADING"));
  CHECK(try_get(*open(server.url())).value() == "1");
}

TEST_CASE("a server that is loading its data is not waited for beyond the deadline") {
  ScriptedServer server([](const std::string&) { return ScriptedReply{.bytes = "-LOADING Redis is loading\r\n"}; });
  const auto store = open(server.url());
  CHECK(code_of(store->get("a", Deadline::after(500ms))) == ErrorCode::unavailable);
  CHECK(server.commands().size() > 1);
  CHECK(code_of(store->ping(Deadline::after(500ms))) == ErrorCode::unavailable);
}

TEST_CASE("a value that is larger than the server accepts is not sent") {
  RedisServer server({.arguments = {"--proto-max-bulk-len", "1mb"}});
  const auto store = open(server.url());
  CHECK(try_put(*store, "a", std::string(1 << 20, 'v')).value());
  CHECK(code_of(try_put(*store, "b", std::string((1 << 20) + 1, 'v'))) == ErrorCode::policy);
  CHECK(server.command({"INFO", "commandstats"}).find("cmdstat_set:calls=1,") != std::string::npos);
}

TEST_CASE("a value of another type is an error when it is read, and is not listed") {
  RedisServer server;
  server.command({"LPUSH", "a", "1"});
  const auto store = open(server.url());
  CHECK(code_of(try_get(*store)) == ErrorCode::refused);
  std::size_t seen = 0;
  CHECK(store->scan("a", 10, [&](const ScanRow&) -> Result<bool> { return ++seen > 0; }, Deadline::never()));
  CHECK(seen == 0);
}

TEST_CASE("a server that does not know UNLINK gets DEL") {
  ScriptedServer server([](const std::string& command) {
    return ScriptedReply{.bytes = command.starts_with("UNLINK") ? "-ERR unknown command 'UNLINK'\r\n" : ":1\r\n"};
  });
  const auto store = open(server.url());
  CHECK(store->remove(std::vector<std::string>{"a"}, Deadline::never()).value() == 1);
  CHECK(store->remove(std::vector<std::string>{"b"}, Deadline::never()).value() == 1);
  CHECK(server.commands() == std::vector<std::string>{"UNLINK a", "DEL a", "DEL b"});
}
