// Removing only values that have not changed since they were listed, while other clients write.
#include <libcache/store.h>

#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "stores/redis/support.h"
#include "stores/verbs.h"
#include "support/redis_server.h"
#include "support/toxic_proxy.h"
#include "support/wait.h"

using namespace libcache;
using namespace libcache::test;
using support::RedisServer;
using support::Toxic;
using support::ToxicProxy;

TEST_CASE("a value that is written while it is being compared is not removed from Redis, and others are") {
  RedisServer server;
  ToxicProxy proxy(server.port());
  const auto store = open(proxy.url());
  for (const auto* name : {"a", "b", "c", "d", "e"}) put(*store, name, "value");
  const auto rows = list(*store, "", 3);
  // The server has sent what it holds, but that has not arrived yet.
  proxy.spoil({.kind = Toxic::Kind::silent});
  Removed removed;
  std::thread removing([&] { removed = required(store->remove_unchanged(rows, soon())); });
  support::wait_for("the comparison",
                    [&] { return contains(server.command({"INFO", "commandstats"}), "cmdstat_pttl:calls=10,"); });
  SECTION("rewritten with the same size") {
    server.command({"SET", "c", "other"});
  }
  SECTION("with a new expiry") {
    server.command({"PEXPIRE", "c", "1000000"});
  }
  SECTION("removed and written again") {
    server.command({"DEL", "c"});
    server.command({"SET", "c", "newer"});
  }
  proxy.heal();
  removing.join();
  CHECK(removed.values == 4);
  CHECK(removed.bytes == 20);
  CHECK(names(*store, "") == Names{"c"});
}

TEST_CASE("unchanged values are removed from Redis also by a user without the rights for transactions") {
  RedisServer server;
  server.command({"ACL", "SETUSER", "alice", "on", ">secret", "~*", "+@all", "-@transaction"});
  const auto store = open("redis://alice:secret@127.0.0.1:" + std::to_string(server.port()));
  put(*store, "same", "1");
  put(*store, "other", "1");
  const auto rows = list(*store, "", 1);
  put(*store, "other", "2");
  CHECK(required(store->remove_unchanged(rows, soon())).values == 1);
  CHECK(names(*store, "") == Names{"other"});
}

TEST_CASE("more values than fit in one batch are removed from Redis if they have not changed") {
  RedisServer server;
  server.command({"DEBUG", "POPULATE", "1700", "key", "10"});
  const auto store = open(server.url());
  const auto rows = list(*store, "key", 4);
  server.command({"SET", "key:7", "changed"});
  const auto removed = required(store->remove_unchanged(rows, soon()));
  CHECK(removed.values == 1699);
  CHECK(removed.bytes == 16'990);
  CHECK(names(*store, "") == Names{"key:7"});
}
