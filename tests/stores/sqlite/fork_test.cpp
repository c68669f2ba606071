// What happens to a store in the child of a fork.
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "stores/sqlite/support.h"
#include "stores/verbs.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
using support::TemporaryDirectory;

TEST_CASE("the child of a fork destroys a store without waiting for the locks of SQLite") {
  const TemporaryDirectory directory;
  auto store = open_store(StoreUrl::parse("sqlite:" + (directory.path() / "cache.db").string()).value(), {}).value();
  put(*store, "a", "1");
  CHECK(get(*store, "a") == "1");
  // As if another thread were inside of SQLite.
  sqlite3_mutex* const allocations = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_MEM);
  sqlite3_mutex_enter(allocations);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    store.reset();
    ::_exit(0);
  }
  sqlite3_mutex_leave(allocations);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(get(*store, "a") == "1");
}
