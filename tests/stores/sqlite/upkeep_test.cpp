// How the SQLite store keeps its file within bounds.
#include <catch2/catch_test_macros.hpp>

#include "stores/sqlite/support.h"
#include "stores/verbs.h"
#include "support/fake_clock.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using support::TemporaryDirectory;

namespace {

const std::string kTenKilobytes(10'000, 'v');

std::uint64_t size_of(const fs::path& file) {
  std::error_code absent;
  const auto size = fs::file_size(file, absent);
  return absent ? 0 : size;
}

std::string numbered(const std::string& name, int number) {
  return name + std::to_string(number);
}

}  // namespace

TEST_CASE("writers remove expired entries, a few at a time") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  const auto store = open_sqlite(file, {.clock = clock.clock()});
  for (int i = 0; i < 100; ++i) put(*store, numbered("brief", i), "v", {.expires = clock.now() + 1s});
  put(*store, "lasting", "v");
  clock.advance(2s);
  Database database(file);
  CHECK(get(*store, "brief1") == std::nullopt);
  CHECK(database.integer("SELECT count(*) FROM entries") == 101);  // a read removes nothing
  put(*store, "other", "v");
  const auto left = database.integer("SELECT count(*) FROM entries");
  CHECK(left < 102);
  CHECK(left > 80);
  for (int i = 0; i < 20; ++i) put(*store, "other", "v");
  CHECK(database.integer("SELECT count(*) FROM entries") == 2);
}

TEST_CASE("a store stays within its size by evicting the least recently used entries") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  constexpr std::uint64_t kSize = 1'000'000;
  const auto store = open_sqlite(file, {.max_size = kSize, .clock = clock.clock()});
  for (int i = 0; i < 60; ++i) {
    put(*store, numbered("a", i), kTenKilobytes);
    clock.advance(1min);
  }
  CHECK(names(*store, "").size() == 60);
  clock.advance(1h);
  CHECK(get(*store, "a0").has_value());
  for (int i = 0; i < 60; ++i) {
    put(*store, numbered("b", i), kTenKilobytes);
    clock.advance(1min);
  }
  CHECK(get(*store, "b59").has_value());
  CHECK(get(*store, "a0").has_value());
  CHECK(get(*store, "a1") == std::nullopt);
  CHECK(names(*store, "").size() > 50);
  CHECK(size_of(file) < kSize * 3 / 2);
}

TEST_CASE("a large value displaces as many small ones as it needs to") {
  const TemporaryDirectory directory;
  FakeClock clock;
  const auto store = open_sqlite(directory.path() / "cache.db", {.max_size = 2'000'000, .clock = clock.clock()});
  for (int i = 0; i < 150; ++i) put(*store, numbered("a", i), kTenKilobytes);
  put(*store, "large", std::string(1'500'000, 'v'));
  CHECK(get(*store, "large").has_value());
  CHECK(names(*store, "a").size() < 50);
}

TEST_CASE("a put over the limit evicts no more than it needs") {
  const TemporaryDirectory directory;
  FakeClock clock;
  const auto store = open_sqlite(directory.path() / "cache.db", {.max_size = 2'000'000, .clock = clock.clock()});
  std::size_t before = 0;
  for (int i = 0; i < 300; ++i) {
    put(*store, numbered("a", i), kTenKilobytes);
    clock.advance(1s);
    const auto after = names(*store, "").size();
    CHECK(after + 3 > before);
    before = after;
  }
  CHECK(before > 120);
}

TEST_CASE("a lowered limit is reached by the next put") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  {
    const auto store = open_sqlite(file, {.clock = clock.clock()});
    for (int i = 0; i < 3000; ++i) put(*store, numbered("a", i), std::string(1000, 'v'));
  }
  const auto store = open_sqlite(file, {.max_size = 200'000, .clock = clock.clock()});
  put(*store, "new", "v");
  CHECK(names(*store, "a").size() < 200);
  CHECK(get(*store, "new") == "v");
}

TEST_CASE("values dated in the future by another machine are evicted first") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  FakeClock fast;
  fast.advance(24h);
  for (int i = 0; i < 50; ++i) {
    put(*open_sqlite(file, {.clock = fast.clock()}), numbered("future", i), kTenKilobytes);
  }
  const auto store = open_sqlite(file, {.max_size = 1'000'000, .clock = clock.clock()});
  for (int i = 0; i < 60; ++i) put(*store, numbered("a", i), kTenKilobytes);
  CHECK(names(*store, "a").size() == 60);
  CHECK(names(*store, "future").size() < 40);
}

TEST_CASE("a value that is larger than the whole store is refused by policy and displaces nothing") {
  const TemporaryDirectory directory;
  const auto store = open_sqlite(directory.path() / "cache.db", {.max_size = 100'000});
  put(*store, "small", "v");
  CHECK(store->put("large", std::string(100'001, 'v'), {}, soon()).error().code == ErrorCode::policy);
  CHECK(names(*store, "") == Names{"small"});
}

TEST_CASE("without a limit nothing is evicted") {
  const TemporaryDirectory directory;
  const auto store = open_sqlite(directory.path() / "cache.db", {.max_size = 0});
  for (int i = 0; i < 300; ++i) put(*store, numbered("a", i), kTenKilobytes);
  CHECK(names(*store, "").size() == 300);
}

TEST_CASE("reads write nothing within an hour, and then note the use with the next write or when the store closes") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  auto store = open_sqlite(file, {.clock = clock.clock()});
  put(*store, "a", "v");
  put(*store, "b", "v");
  const auto written = clock.now().time_since_epoch().count();
  const auto use_of = [&](const std::string& name) {
    return Database(file).integer("SELECT used FROM entries WHERE name = '" + name + "'");
  };
  const auto reads = [&] {
    for (int i = 0; i < 3; ++i) CHECK(get(*store, "a").has_value());
  };

  clock.advance(59min);
  reads();
  put(*store, "other", "v");
  CHECK(use_of("a") == written);

  clock.advance(2min);
  const auto before = content_of(file) + content_of(file.string() + "-wal");
  reads();
  const bool unchanged = content_of(file) + content_of(file.string() + "-wal") == before;
  CHECK(unchanged);
  put(*store, "other", "v");
  CHECK(use_of("a") == clock.now().time_since_epoch().count());
  CHECK(use_of("b") == written);

  clock.advance(2h);
  reads();
  store.reset();
  CHECK(use_of("a") == clock.now().time_since_epoch().count());
  CHECK(use_of("b") == written);
}

TEST_CASE("a read-only store notes no use") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  put(*open_sqlite(file, {.clock = clock.clock()}), "a", "v");
  const auto before = Database(file).integer("SELECT max(used) FROM entries");
  clock.advance(2h);
  CHECK(get(*open_sqlite(file, {.clock = clock.clock()}, true), "a") == "v");
  CHECK(Database(file).integer("SELECT max(used) FROM entries") == before);
}

TEST_CASE("a note of use is given up rather than waited for when a store closes") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  put(*open_sqlite(file, {.clock = clock.clock()}), "a", "v");
  clock.advance(2h);
  auto store = open_sqlite(file, {.clock = clock.clock()});
  CHECK(get(*store, "a") == "v");
  Database other(file);
  other.execute("BEGIN IMMEDIATE");
  store.reset();  // would hang here
  other.execute("COMMIT");
  CHECK(other.integer("SELECT max(used) FROM entries") == (clock.now() - 2h).time_since_epoch().count());
}

TEST_CASE("the space of removed entries is returned to the file system") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  const auto store = open_sqlite(file);
  Names removed;
  for (int i = 0; i < 500; ++i) {
    put(*store, numbered("a", i), kTenKilobytes);
    if (i >= 10) removed.push_back(numbered("a", i));
  }
  CHECK(size_of(file) + size_of(file.string() + "-wal") > 5'000'000);
  CHECK(remove(*store, removed) == removed.size());
  CHECK(size_of(file) < 400'000);
  CHECK(size_of(file.string() + "-wal") < 100'000);
  CHECK(names(*store, "").size() == 10);
}

TEST_CASE("later writes return the space of expired entries to the file system") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  {
    const auto store = open_sqlite(file, {.clock = clock.clock()});
    for (int i = 0; i < 500; ++i) put(*store, numbered("a", i), kTenKilobytes, {.expires = clock.now() + 1s});
    clock.advance(2s);
    for (int i = 0; i < 100; ++i) put(*store, "other", "v");
  }
  CHECK(size_of(file) < 2'000'000);
}

TEST_CASE("processes that look up and store one value each leave a log that stays short") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  for (int i = 0; i < 200; ++i) {
    const auto store = open_sqlite(file);
    (void)get(*store, numbered("a", i));
    put(*store, numbered("a", i), kTenKilobytes);
    REQUIRE(size_of(file.string() + "-wal") < 400'000);
  }
  CHECK(names(*open_sqlite(file), "").size() == 200);
}

TEST_CASE("a log that one large value made long does not stay long") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  const auto store = open_sqlite(file);
  put(*store, "large", std::string(30'000'000, 'v'));
  put(*store, "a", "v");
  put(*store, "b", "v");
  CHECK(size_of(file.string() + "-wal") < 5'000'000);
}
