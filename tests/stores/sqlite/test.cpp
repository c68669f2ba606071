#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "stores/conformance.h"
#include "stores/sqlite/support.h"
#include "stores/verbs.h"
#include "support/fake_clock.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::TemporaryDirectory;

namespace {

StoreUnderTest sqlite_under_test() {
  FakeClock clock;
  const auto directory = std::make_shared<TemporaryDirectory>();
  return {
      .surroundings = directory,
      .store = open_sqlite(directory->path() / "cache" / "cache.db", {.clock = clock.clock()}),
      .now = clock.clock(),
      .advance = [clock](Milliseconds time) mutable { clock.advance(time); },
  };
}

}  // namespace

TEST_CASE("the SQLite store keeps the contract of every store") {
  check_conformance(sqlite_under_test);
}

TEST_CASE("the SQLite store keeps the contract of flights") {
  check_flights(sqlite_under_test);
}

TEST_CASE("on an SQLite store, one session never sees an entry of another") {
  check_sessions(sqlite_under_test);
}

TEST_CASE("stores on one file see each other's values at once") {
  const TemporaryDirectory directory;
  const auto one = open_sqlite(directory.path() / "cache.db");
  const auto other = open_sqlite(directory.path() / "cache.db");
  CHECK(get(*other, "a") == std::nullopt);
  put(*one, "a", "1");
  CHECK(get(*other, "a") == "1");
  put(*other, "a", "2");
  CHECK(get(*one, "a") == "2");
  remove(*other, {"a"});
  CHECK(get(*one, "a") == std::nullopt);
}

TEST_CASE("while another process writes, a put times out at its deadline and a get answers") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  const auto store = open_sqlite(file);
  put(*store, "a", "1");
  Database other(file);
  other.execute("BEGIN IMMEDIATE");
  const auto late = store->put("a", "2", {}, Deadline::after(20ms));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == ErrorCode::timeout);
  CHECK(late.error().message.find("locked") != std::string::npos);
  CHECK(store->remove(Names{"a"}, Deadline::after(20ms)).error().code == ErrorCode::timeout);
  CHECK(get(*store, "a") == "1");
  CHECK(get(*open_sqlite(file), "a") == "1");
  other.execute("COMMIT");
  CHECK(put(*store, "a", "2"));
}

TEST_CASE("a put that waits for another process does not delay the readers of its process") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  const auto store = open_sqlite(file);
  put(*store, "a", "1");
  Database other(file);
  other.execute("BEGIN IMMEDIATE");
  Result<bool> stored = false;
  std::thread writer([&] { stored = store->put("a", "2", {}, soon()); });
  for (int i = 0; i < 50; ++i) CHECK(get(*store, "a") == "1");
  other.execute("COMMIT");
  writer.join();
  CHECK(stored.has_value());
  CHECK(get(*store, "a") == "2");
}

TEST_CASE("an entry is answered only under its own name, even if the database has it under another") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  const auto store = open_sqlite(file);
  put(*store, "a", "1");
  put(*store, "b", "2");
  Database(file).execute("UPDATE entries SET name = 'b' WHERE name = 'a'");
  CHECK(get(*store, "a") == std::nullopt);
  CHECK(get(*store, "b") == "2");
  CHECK(put(*store, "a", "3"));
  CHECK(get(*store, "a") == "3");
}

TEST_CASE("a value that is too large for a row is refused by policy") {
  const TemporaryDirectory directory;
  const auto store = open_sqlite(directory.path() / "cache.db", {.max_size = 0});
  put(*store, "a", "1");
  const std::string_view claim(reinterpret_cast<const char*>(directory.path().c_str()), 1'000'000'000);  // never read
  CHECK(store->put("a", claim, {}, soon()).error().code == ErrorCode::policy);
  CHECK(get(*store, "a") == "1");
}
