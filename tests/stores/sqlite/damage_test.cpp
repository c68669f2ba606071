// Damaged files in place of the SQLite store's.
#include <libcache/entry.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <random>

#include "stores/sqlite/support.h"
#include "stores/verbs.h"
#include "support/fake_clock.h"
#include "support/sanitizers.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using support::TemporaryDirectory;

namespace {

constexpr std::size_t kPage = 4096;

constexpr int kEntries = 60;

std::string name_of(int entry) {
  return "llmcache:default_" + std::to_string(entry);
}

// Does not compress.
std::string body_of(int entry) {
  std::mt19937 random(static_cast<unsigned>(entry));
  std::string body(500 + static_cast<std::size_t>(entry) % 5 * 1500, '\0');
  std::ranges::generate(body, [&] { return static_cast<char>(random()); });
  return body;
}

std::string value_of(int entry) {
  EntryDraft draft;
  const auto body = body_of(entry);
  draft.body = body;
  return encode(draft).value();
}

// A database of a few dozen pages, and its log: empty, or with all there is still in it.
struct Files {
  std::string database;
  std::string log;
};

Files small_database(bool log_merged) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  const auto store = open_sqlite(file, {.clock = clock.clock()});
  for (int entry = 0; entry < kEntries; ++entry) {
    PutOptions options;
    if (entry % 2 == 0) options.expires = clock.now() + 1h;
    put(*store, name_of(entry), value_of(entry), options);
  }
  if (log_merged) Database(file).execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return {content_of(file), content_of(file.string() + "-wal")};
}

// Replaces the files of an earlier test.
void lay_out(const fs::path& file, std::string_view database, std::string_view log = "") {
  for (const auto& entry : fs::directory_iterator(file.parent_path())) fs::remove(entry.path());
  write_file(file, database);
  if (!log.empty()) write_file(file.string() + "-wal", log);
}

bool is_right_or_absent(Store& store, int entry) {
  auto value = store.get(name_of(entry), soon());
  if (!value) return value.error().code == ErrorCode::refused;
  if (!*value) return true;
  const auto opened = Entry::open(std::move(**value));
  return opened ? opened->body() == body_of(entry) : opened.error().code == ErrorCode::corrupt;
}

// Whether no answer is wrong and every function succeeds or is refused, whatever the file contains.
void check_survives(const fs::path& file) {
  FakeClock clock;
  const auto store = open_sqlite(file, {.clock = clock.clock()});
  for (int entry = 0; entry < kEntries; ++entry) CHECK(is_right_or_absent(*store, entry));
  std::size_t listed = 0;
  const auto visit = [&](const ScanRow&) -> Result<bool> { return ++listed < 1000; };
  const auto scanned = store->scan("", 64, visit, soon());
  CHECK((scanned || scanned.error().code == ErrorCode::refused));
  CHECK(listed <= kEntries);
  const auto stored = store->put("new", "value", {.expires = clock.now() + 1h}, soon());
  CHECK((stored || stored.error().code == ErrorCode::refused));
  const auto removed = store->remove(Names{name_of(3), name_of(4)}, soon());
  CHECK((removed || removed.error().code == ErrorCode::refused));
  if (stored && removed) CHECK(get(*store, "new").value_or("value") == "value");
}

std::vector<std::string> files_aside(const fs::path& directory) {
  auto names = files_in(directory);
  std::erase_if(names, [](const auto& name) { return name.find(".corrupt-") == std::string::npos; });
  return names;
}

}  // namespace

TEST_CASE("a damaged database is moved aside whole by a write, with one warning, and a new one is created") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  write_damaged(file);
  const auto content = content_of(file);
  FakeClock clock;
  Events events;
  const auto store = open_sqlite(file, {.clock = clock.clock(), .on_event = events.handler()});
  SECTION("by a put") {
    CHECK(put(*store, "a", "0"));
  }
  SECTION("by a remove") {
    CHECK(remove(*store, {"a"}) == 0);
  }
  SECTION("by a removal of listed entries") {
    CHECK(required(store->remove_unchanged({}, soon())).values == 0);
  }
  CHECK(put(*store, "a", "1"));
  CHECK(get(*store, "a") == "1");
  CHECK(files_aside(directory.path()) == Names{"cache.db.corrupt-20270115T080000Z"});
  CHECK(content_of(directory.path() / "cache.db.corrupt-20270115T080000Z") == content);
  REQUIRE(events.seen->size() == 1);
  CHECK(events.seen->front().severity == Event::Severity::warning);
  CHECK(events.seen->front().name == "store.moved_aside");
}

TEST_CASE("a damaged database is left as it is by reads, which find it empty and warn once") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  write_damaged(file);
  const auto content = content_of(file);
  Events events;
  {
    const auto store = open_sqlite(file, {.on_event = events.handler()});
    CHECK(get(*store, "a") == std::nullopt);
    CHECK(names(*store, "").empty());
    CHECK(store->ping(soon()).has_value());
    store->prepare_put(soon());
  }
  CHECK(content_of(file) == content);
  CHECK(files_in(directory.path()) == Names{"cache.db"});
  REQUIRE(events.seen->size() == 1);
  CHECK(events.seen->front().name == "store.damaged");
}

TEST_CASE("two damaged files within one second are moved aside under two names") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  for (int i = 0; i < 2; ++i) {
    write_damaged(file, static_cast<char>('x' + i));
    put(*open_sqlite(file, {.clock = clock.clock()}), "a", "1");
    fs::remove(file);
  }
  CHECK(files_aside(directory.path()).size() == 2);
}

TEST_CASE("a damaged file is refused and left as it is by strict and by read-only stores") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  write_damaged(file);
  const auto content = content_of(file);
  const bool strict = GENERATE(true, false);
  Events events;
  const auto store = open_sqlite(file, {.strict = strict, .on_event = events.handler()}, !strict);
  CHECK(store->get("a", soon()).error().code == ErrorCode::refused);
  CHECK(store->put("a", "1", {}, soon()).error().code == ErrorCode::refused);
  CHECK(content_of(file) == content);
  CHECK(files_in(directory.path()) == Names{"cache.db"});
  CHECK(events.seen->empty());
}

TEST_CASE("a store that has its file open notices when the file is damaged") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  FakeClock clock;
  Events events;
  const auto store = open_sqlite(file, {.clock = clock.clock(), .on_event = events.handler()});
  for (int entry = 0; entry < kEntries; ++entry) put(*store, std::to_string(entry), value_of(entry));
  Database(file).execute("PRAGMA wal_checkpoint(TRUNCATE)");
  const auto size = fs::file_size(file);
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(100) << std::string(size - 100, 'x');
  for (int entry = 0; entry < kEntries; ++entry) {
    const auto value = get(*store, std::to_string(entry));
    CHECK((!value || *value == value_of(entry)));  // some may still be in memory
  }
  CHECK(put(*store, "a", "1"));
  CHECK(get(*store, "a") == "1");
  const auto moved = [](const Event& event) { return event.name == "store.moved_aside"; };
  CHECK(std::ranges::count_if(*events.seen, moved) == 1);
}

TEST_CASE("one flipped bit in any page crashes and hangs nothing and gives no wrong answer") {
  static const std::string intact = small_database(true).database;
  const TemporaryDirectory directory;
  std::mt19937 random(1);
  for (std::size_t page = 0; page < intact.size() / kPage; ++page) {
    // At its head, where SQLite keeps what leads on, and anywhere.
    constexpr std::size_t kParts[] = {16, 200, kPage};
    for (std::size_t part = 0; part < std::size(kParts); ++part) {
      const std::size_t offset = random() % kParts[part];
      if (kSanitized && part != page % std::size(kParts)) continue;
      auto damaged = intact;
      damaged[page * kPage + offset] ^= static_cast<char>(1 << random() % 8);
      INFO("page " << page << ", offset " << offset);
      lay_out(directory.path() / "cache.db", damaged);
      check_survives(directory.path() / "cache.db");
    }
  }
}

TEST_CASE(
    "any flipped byte in the head of the file and in its schema crashes and hangs nothing, gives no wrong answer") {
  static const std::string intact = small_database(true).database;
  const TemporaryDirectory directory;
  std::vector<std::size_t> offsets;
  for (std::size_t offset = 0; offset < 130; ++offset) offsets.push_back(offset);
  for (std::size_t offset = intact.find("entries") - 100; offset < kPage; offset += 7) offsets.push_back(offset);
  constexpr std::size_t kStep = kSanitized ? 3 : 1;
  for (std::size_t i = 0; i < offsets.size(); i += kStep) {
    const std::size_t offset = offsets[i];
    auto damaged = intact;
    damaged[offset] = static_cast<char>(~damaged[offset]);
    INFO("offset " << offset);
    lay_out(directory.path() / "cache.db", damaged);
    check_survives(directory.path() / "cache.db");
  }
}

TEST_CASE("one flipped bit in the log crashes and hangs nothing and gives no wrong answer") {
  static const Files intact = small_database(false);
  const TemporaryDirectory directory;
  std::mt19937 random(1);
  for (int i = 0; i < 60; ++i) {
    auto damaged = intact.log;
    const auto offset = i < 20 ? static_cast<std::size_t>(i) * 3 : random() % damaged.size();
    damaged[offset] ^= static_cast<char>(1 << random() % 8);
    INFO("offset " << offset);
    lay_out(directory.path() / "cache.db", intact.database, damaged);
    check_survives(directory.path() / "cache.db");
  }
}

TEST_CASE("a database cut off after its header can be written again at once, and a shorter file is refused") {
  static const std::string intact = small_database(true).database;
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  std::vector<std::size_t> lengths = {0, 1, 15, 16, 99, 100, 511, 512, 4095, 4097, intact.size() - 1};
  for (std::size_t page = 1; page < intact.size() / kPage; page += 3) lengths.push_back(page * kPage);
  for (const auto length : lengths) {
    INFO("cut to " << length << " bytes");
    lay_out(file, std::string_view(intact).substr(0, length));
    check_survives(file);
    const auto store = open_sqlite(file);
    const auto stored = store->put("after", "1", {}, soon());
    CHECK(stored.has_value() == (length >= 100));
    if (stored) CHECK(get(*store, "after") == "1");
  }
}
