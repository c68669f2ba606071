// Damaged files in place of the SQLite store's.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <random>

#include "stores/sqlite_support.h"
#include "stores/verbs.h"
#include "support/fake_clock.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using support::TemporaryDirectory;

namespace {

constexpr std::size_t kPage = 4096;

std::string value_of(int entry) {
  return std::string(500 + entry % 5 * 1500, static_cast<char>('a' + entry % 26));
}

// A database of a few dozen pages, its log merged into it.
std::string small_database() {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  {
    const auto store = open_sqlite(file, {.clock = clock.clock()});
    for (int entry = 0; entry < 60; ++entry) {
      PutOptions options;
      if (entry % 2 == 0) options.expires = clock.now() + 1h;
      put(*store, "llmcache:default_" + std::to_string(entry), value_of(entry), options);
    }
  }
  Database(file).execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return content_of(file);
}

// Whether the verbs answer sanely and the store is of use afterwards, whatever stands in the file.
void check_survives(const fs::path& file) {
  FakeClock clock;
  const auto store = open_sqlite(file, {.clock = clock.clock()});
  for (int entry = 0; entry < 60; entry += 7) {
    const auto value = store->get("llmcache:default_" + std::to_string(entry), soon());
    CHECK((value || value.error().code == ErrorCode::refused));
  }
  std::size_t listed = 0;
  const auto visit = [&](const Listing&) -> Result<bool> { return ++listed < 1000; };
  const auto scanned = store->scan("", 64, visit, soon());
  CHECK((scanned || scanned.error().code == ErrorCode::refused));
  CHECK(listed <= 60);
  const auto stored = store->put("new", "value", {.expires = clock.now() + 1h}, soon());
  CHECK((stored || stored.error().code == ErrorCode::refused));
  const auto removed = store->remove(Names{"llmcache:default_3", "llmcache:default_4"}, soon());
  CHECK((removed || removed.error().code == ErrorCode::refused));
  if (stored && removed) CHECK(get(*store, "new").value_or("value") == "value");
}

std::vector<std::string> files_aside(const fs::path& directory) {
  auto names = files_in(directory);
  std::erase_if(names, [](const auto& name) { return name.find(".corrupt-") == std::string::npos; });
  return names;
}

}  // namespace

TEST_CASE("a file that is no database is set aside whole, with one warning, and a fresh one is begun") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  const std::string content =
      GENERATE(std::string("shopping list\n"), std::string(100'000, 'x'), "SQLite format 3" + std::string(5'000, '\0'));
  write_file(file, content);
  FakeClock clock;
  Events events;
  const auto store = open_sqlite(file, {.clock = clock.clock(), .on_event = events.handler()});
  SECTION("found by a get") {
    CHECK(get(*store, "a") == std::nullopt);
  }
  SECTION("found by a put") {
    CHECK(put(*store, "a", "0"));
  }
  SECTION("found by a scan") {
    CHECK(names(*store, "").empty());
  }
  SECTION("found by a remove") {
    CHECK(remove(*store, {"a"}) == 0);
  }
  CHECK(put(*store, "a", "1"));
  CHECK(get(*store, "a") == "1");
  CHECK(files_aside(directory.path()) == Names{"cache.db.corrupt-20270115T080000Z"});
  CHECK(content_of(directory.path() / "cache.db.corrupt-20270115T080000Z") == content);
  REQUIRE(events.seen->size() == 1);
  CHECK(events.seen->front().severity == Event::Severity::warning);
  CHECK(events.seen->front().name == "store.moved_aside");
}

TEST_CASE("two damaged files within one second are set aside under two names") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  for (int i = 0; i < 2; ++i) {
    write_file(file, std::string(5'000, static_cast<char>('x' + i)));
    CHECK(get(*open_sqlite(file, {.clock = clock.clock()}), "a") == std::nullopt);
  }
  CHECK(files_aside(directory.path()).size() == 2);
}

TEST_CASE("a damaged file is refused and left as it is where it may not be set aside") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  write_file(file, std::string(10'000, 'x'));
  const bool strict = GENERATE(true, false);
  Events events;
  const auto store = open_sqlite(file, {.strict = strict, .on_event = events.handler()}, !strict);
  CHECK(store->get("a", soon()).error().code == ErrorCode::refused);
  CHECK(store->put("a", "1", {}, soon()).error().code == ErrorCode::refused);
  CHECK(content_of(file) == std::string(10'000, 'x'));
  CHECK(files_in(directory.path()) == Names{"cache.db"});
  CHECK(events.seen->empty());
}

TEST_CASE("a store that has its file open notices when the file is damaged") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  Events events;
  const auto store = open_sqlite(file, {.clock = clock.clock(), .on_event = events.handler()});
  for (int entry = 0; entry < 60; ++entry) put(*store, std::to_string(entry), value_of(entry));
  Database(file).execute("PRAGMA wal_checkpoint(TRUNCATE)");
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary) << std::string(fs::file_size(file), 'x');
  for (int entry = 0; entry < 60; ++entry) {
    const auto value = get(*store, std::to_string(entry));
    CHECK((!value || *value == value_of(entry)));  // some may still be in memory
  }
  CHECK(put(*store, "a", "1"));
  CHECK(get(*store, "a") == "1");
  CHECK(events.seen->size() == 1);
}

TEST_CASE("one flipped bit in any page crashes, hangs and spoils nothing") {
  static const std::string intact = small_database();
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  std::mt19937 random(1);
  for (std::size_t page = 0; page < intact.size() / kPage; ++page) {
    // At its head, where SQLite keeps what leads on, and anywhere.
    for (const std::size_t offset : {random() % 16, random() % 200, random() % kPage}) {
      auto damaged = intact;
      damaged[page * kPage + offset] ^= static_cast<char>(1 << random() % 8);
      INFO("page " << page << ", offset " << offset);
      for (const auto& name : files_in(directory.path())) fs::remove(directory.path() / name);
      write_file(file, damaged);
      check_survives(file);
    }
  }
}

TEST_CASE("any flipped byte in the head of the file and in its schema crashes, hangs and spoils nothing") {
  static const std::string intact = small_database();
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  const auto schema = intact.find("entries");
  std::vector<std::size_t> offsets;
  for (std::size_t offset = 0; offset < 130; ++offset) offsets.push_back(offset);
  for (std::size_t offset = schema - 100; offset < kPage; offset += 7) offsets.push_back(offset);
  for (const auto offset : offsets) {
    auto damaged = intact;
    damaged[offset] = static_cast<char>(~damaged[offset]);
    INFO("offset " << offset);
    for (const auto& name : files_in(directory.path())) fs::remove(directory.path() / name);
    write_file(file, damaged);
    check_survives(file);
  }
}

TEST_CASE("a file cut off anywhere is of use again at once, or refused") {
  static const std::string intact = small_database();
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  std::vector<std::size_t> lengths = {0, 1, 15, 16, 99, 100, 511, 512, 4095, 4097, intact.size() - 1};
  for (std::size_t page = 1; page < intact.size() / kPage; page += 3) lengths.push_back(page * kPage);
  for (const auto length : lengths) {
    INFO("cut to " << length << " bytes");
    for (const auto& name : files_in(directory.path())) fs::remove(directory.path() / name);
    write_file(file, std::string_view(intact).substr(0, length));
    check_survives(file);
    const auto store = open_sqlite(file);
    CHECK(put(*store, "after", "1"));
    CHECK(get(*store, "after") == "1");
  }
}
