// Many processes on one SQLite store, some of which die.
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "stores/sqlite/support.h"
#include "stores/verbs.h"
#include "support/forked.h"
#include "support/sanitizers.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
namespace fs = std::filesystem;
using support::Forked;
using support::TemporaryDirectory;

namespace {

// A value whose bytes prove that it is exactly the value that was put under its name.
std::string value_of(std::string_view name, int version, std::size_t size) {
  std::string value = std::string(name) + "#" + std::to_string(version) + "#";
  std::mt19937 random(static_cast<unsigned>(version));
  while (value.size() < size) value += static_cast<char>(random());
  return value;
}

bool is_exact(std::string_view name, std::string_view value) {
  if (!value.starts_with(std::string(name) + "#")) return false;
  const auto version = std::stoi(std::string(value.substr(name.size() + 1, 9)));
  return value == value_of(name, version, value.size());
}

// Puts and gets private and shared values; returns the errors.
std::string use(const fs::path& file, int process) {
  const auto store = open_sqlite(file);
  for (int round = 0; round < 20; ++round) {
    const auto own = "own:" + std::to_string(process) + ":" + std::to_string(round);
    const auto shared = "shared:" + std::to_string(round % 5);
    for (const auto& name : {own, shared}) {
      const auto stored = store->put(name, value_of(name, process * 100 + round, 3000), {}, soon());
      if (!stored) return "put " + name + ": " + stored.error().message;
      const auto value = store->get(name, soon());
      if (!value) return "get " + name + ": " + value.error().message;
      if (!*value) return "lost " + name;
      if (!is_exact(name, **value)) return "torn " + name;
    }
  }
  return "";
}

}  // namespace

TEST_CASE("64 processes that put and get at once lose nothing and never fail") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache" / "cache.db";  // which none of them finds there
  std::vector<Forked> processes;
  for (int process = 0; process < 64; ++process) {
    processes.emplace_back([&, process] { return use(file, process); });
  }
  for (auto& process : processes) CHECK(process.complaint() == "");
  const auto store = open_sqlite(file);
  CHECK(names(*store, "own:").size() == 64 * 20);
  CHECK(names(*store, "shared:").size() == 5);
  for (const auto& listing : list(*store, "")) CHECK(is_exact(listing.name, get(*store, listing.name).value()));
}

TEST_CASE("after many writers killed in the middle every value is exact or absent, and nothing grows for ever") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  std::mt19937 random(1);
  const auto put_for_ever = [&](int first, const std::function<void()>& progress) -> std::string {
    const auto store = open_sqlite(file);
    for (int version = first;; ++version) {
      const auto name = "name" + std::to_string(version % 20);
      const auto stored = store->put(name, value_of(name, version, 1000 + version % 7 * 10'000), {}, soon());
      if (!stored) return stored.error().message;
      progress();
    }
  };
  for (int cycle = 0; cycle < tries(1000); ++cycle) {
    Forked writer([&](const std::function<void()>& progress) { return put_for_ever(cycle * 100, progress); });
    const auto puts = random() % 6;
    bool alive = true;
    for (unsigned i = 0; i < puts && alive; ++i) alive = writer.wait_for_progress();
    REQUIRE(alive);
    writer.kill();

    const auto store = open_sqlite(file);
    for (int i = 0; i < 20; ++i) {
      const auto name = "name" + std::to_string(i);
      const auto value = get(*store, name);
      REQUIRE((!value || is_exact(name, *value)));
    }
  }
  put(*open_sqlite(file), "last", "v");
  CHECK(files_in(directory.path()) == Names{"cache.db"});
  CHECK(fs::file_size(file) < 5'000'000);
  CHECK(Database(file).integer("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") == 0);
}

TEST_CASE("64 processes that find a damaged database at once move it aside once and go on with a new one") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  write_damaged(file);
  std::vector<Forked> processes;
  for (int process = 0; process < 64; ++process) {
    processes.emplace_back([&, process] { return use(file, process); });
  }
  for (auto& process : processes) CHECK(process.complaint() == "");
  CHECK(names(*open_sqlite(file), "own:").size() == 64 * 20);
  std::size_t aside = 0;
  for (const auto& name : files_in(directory.path())) aside += name.starts_with("cache.db.corrupt-") ? 1 : 0;
  CHECK(aside == 1);
}
