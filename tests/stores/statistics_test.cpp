// Statistics in a file that many processes append to.
#include <libcache/cache.h>
#include <libcache/open.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <deque>
#include <fstream>

#include "store/statistics/log.h"
#include "stores/verbs.h"
#include "support/fake_clock.h"
#include "support/files.h"
#include "support/forked.h"
#include "support/temporary_directory.h"

namespace libcache::test {

namespace {

namespace fs = std::filesystem;
using internal::StatisticsLog;
using std::chrono::days;
using std::chrono::sys_days;
using support::Forked;
using support::TemporaryDirectory;

const FakeClock kClock;

sys_days today() {
  return std::chrono::floor<days>(kClock.now());
}

StatisticsLog log_in(const TemporaryDirectory& directory, std::uint64_t fold_beyond = 2000) {
  return StatisticsLog(
      directory.path() / "cache.db-stats",
      {.may_create = [] { return true; }, .clock = kClock.clock(), .fold_beyond = fold_beyond, .most_rows = 100});
}

StatisticsRow row_of(std::string model, std::uint64_t hits, sys_days day = today()) {
  return {day, std::move(model), "session", "https://api.example.com/v1", {{"hits", hits}}};
}

void add(StatisticsLog& log, const StatisticsRow& row) {
  (void)log.add("", {&row, 1}, soon());
}

std::vector<StatisticsRow> rows_in(StatisticsLog& log, sys_days since = {}) {
  return required(log.read("", since, soon()));
}

std::uint64_t hits_in(StatisticsLog& log) {
  std::uint64_t hits = 0;
  for (const auto& row : rows_in(log)) hits += row.counts.at("hits");
  return hits;
}

}  // namespace

TEST_CASE("statistics are added up by day, model, session and endpoint") {
  const TemporaryDirectory directory;
  auto log = log_in(directory);
  CHECK(rows_in(log).empty());
  add(log, row_of("a", 1));
  add(log, row_of("b\n\"\x1b[31m", 2, today() - days(1)));
  add(log, row_of("a", 3));
  const auto rows = rows_in(log);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].model == "b\n\"\x1b[31m");
  CHECK(rows[0].session == "session");
  CHECK(rows[0].endpoint == "https://api.example.com/v1");
  CHECK(rows[0].day == today() - days(1));
  CHECK(rows[1].counts == StatisticsRow::Counts{{"hits", 4}});
  CHECK(rows_in(log, today()).size() == 1);
  CHECK(log.reset("", soon()));
  CHECK(rows_in(log).empty());
  add(log, row_of("a", 5));
  CHECK(hits_in(log) == 5);
  struct stat state{};
  REQUIRE(stat((directory.path() / "cache.db-stats").c_str(), &state) == 0);
  CHECK((state.st_mode & 0777) == 0600);
}

TEST_CASE("what 64 processes count at the same time is exact while the file is folded again and again") {
  const TemporaryDirectory directory;
  std::deque<Forked> processes;
  for (int number = 0; number < 64; ++number) {
    processes.emplace_back([&]() -> std::string {
      auto log = log_in(directory);
      for (int i = 0; i < 20; ++i) add(log, row_of("m" + std::to_string(i % 3), 1));
      return "";
    });
  }
  for (Forked& process : processes) CHECK(process.complaint() == "");
  auto log = log_in(directory);
  CHECK(hits_in(log) == 64 * 20);
  CHECK(rows_in(log).size() == 3);
  CHECK(fs::file_size(directory.path() / "cache.db-stats") < 64 * 20 * 50);  // it was folded
  CHECK_FALSE(fs::exists(directory.path() / "cache.db-stats.new"));
}

TEST_CASE("processes that are killed lose their own counts and no others") {
  const TemporaryDirectory directory;
  std::uint64_t least = 0;
  for (int round = 0; round < 20; ++round) {
    Forked victim([&](const auto& progress) -> std::string {
      auto log = log_in(directory, 500);
      for (;;) {
        add(log, row_of("victim", 1));
        progress();
      }
    });
    for (int i = 0; i < 5 + round; ++i) {
      REQUIRE(victim.wait_for_progress());
      ++least;
    }
    victim.kill();
    auto log = log_in(directory, 500);
    add(log, row_of("survivor", 1));
  }
  auto log = log_in(directory);
  std::map<std::string, std::uint64_t> hits;
  for (const auto& row : rows_in(log)) hits[row.model] += row.counts.at("hits");
  CHECK(hits["survivor"] == 20);
  CHECK(hits["victim"] >= least);
}

TEST_CASE("lines that were cut off cost only themselves") {
  const TemporaryDirectory directory;
  auto log = log_in(directory);
  add(log, row_of("a", 1));
  std::ofstream(directory.path() / "cache.db-stats", std::ios::app) << "\n{\"day\":\"2027-01-15\",\"hits\":4";
  add(log, row_of("a", 2));
  std::ofstream(directory.path() / "cache.db-stats", std::ios::app)
      << "\nnot "
         "json\n{\"day\":\"2027-99-99\",\"hits\":1}\n{\"day\":\"2027-01-15\",\"model\":\"b\",\"hits\":-7,\"x\":[1]}\n";
  add(log, row_of("a", 3));
  std::uint64_t hits = 0;
  for (const auto& row : rows_in(log)) {
    if (row.model == "a") hits += row.counts.at("hits");
  }
  CHECK(hits == 6);
}

TEST_CASE("a file that does not hold statistics is never changed, and none is created where that is not allowed") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db-stats";
  auto log = log_in(directory);
  for (const std::string content : {"", "shopping list\n", "llmcache statistics 2 0000000000000000\n"}) {
    write_file(file, content);
    add(log, row_of("a", 1));
    CHECK(log.reset("", soon()));
    CHECK(rows_in(log).empty());
    CHECK(content_of(file) == content);
  }
  fs::remove(file);
  write_file(directory.path() / "elsewhere", "x");
  fs::create_symlink("elsewhere", file);
  add(log, row_of("a", 1));
  CHECK(content_of(directory.path() / "elsewhere") == "x");
  fs::remove(file);
  write_file(file.string() + ".new", "a file of somebody else");
  for (int i = 0; i < 100; ++i) add(log, row_of("a", 1));
  CHECK(hits_in(log) == 100);
  CHECK(content_of(file.string() + ".new") == "a file of somebody else");
  fs::remove(file);
  const std::vector one{row_of("a", 1)};
  StatisticsLog(file, {.may_create = [] { return false; }}).add("", one, soon());
  StatisticsLog(file, {.writes = false, .may_create = [] { return true; }}).add("", one, soon());
  CHECK_FALSE(fs::exists(file));
}

TEST_CASE("beyond the limit on file sizes counts are lost silently and what was counted stays") {
  const TemporaryDirectory directory;
  CHECK(Forked([&]() -> std::string {
          signal(SIGXFSZ, SIG_IGN);
          const rlimit limit{1000, 1000};
          setrlimit(RLIMIT_FSIZE, &limit);
          auto log = log_in(directory);
          for (int i = 0; i < 100; ++i) add(log, row_of("a", 1));
          return "";
        }).complaint() == "");
  auto log = log_in(directory);
  const auto hits = hits_in(log);
  CHECK(hits > 3);
  CHECK(hits < 20);
  add(log, row_of("a", 1));
  CHECK(hits_in(log) == hits + 1);
}

TEST_CASE("in a read-only directory nothing is counted, and existing statistics are read") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db-stats";
  {
    auto log = log_in(directory);
    add(log, row_of("a", 1));
  }
  fs::permissions(file, fs::perms(0444));
  fs::permissions(directory.path(), fs::perms(0555));
  CHECK(Forked([&]() -> std::string {
          if (setgid(65534) != 0 || setuid(65534) != 0) return "cannot become nobody";
          auto log = log_in(directory);
          add(log, row_of("a", 1));
          return hits_in(log) == 1 ? "" : "it was counted";
        }).complaint() == "");
  fs::permissions(directory.path(), fs::perms(0755));
}

TEST_CASE("folding forgets old days, and what cannot be kept apart is added up") {
  const TemporaryDirectory directory;
  auto log = log_in(directory);
  add(log, row_of("old", 1, today() - days(401)));
  add(log, row_of("still there", 1, today() - days(400)));
  for (int i = 0; i < 300; ++i) add(log, row_of("m" + std::to_string(i), 1, today() - days(i < 250 ? 1 : 0)));
  const auto rows = rows_in(log);
  CHECK(rows.size() < 200);
  CHECK(hits_in(log) == 301);
  CHECK(rows.front().day == today() - days(400));
}

namespace {

std::unique_ptr<Cache> make_cache(const fs::path& file, const StoreOptions& options = {},
                                  const std::string& query = "") {
  auto store = required(open_store(required(StoreUrl::parse("sqlite:" + file.string() + query)), options));
  return required(Cache::create(std::move(store), {}));
}

void look_up_and_store(Cache& cache) {
  const auto key = required(cache.key(R"({"model":"m"})"));
  (void)cache.get(key, EntryKind::response, soon());
  Answer answer;
  answer.body = R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]})";
  (void)cache.put(key, answer, {}, soon());
}

std::uint64_t misses_in(const fs::path& file) {
  std::uint64_t misses = 0;
  const auto cache = make_cache(file, {.only_reads = true});
  for (const auto& row : required(cache->store().statistics()->read("", {}, soon()))) {
    const auto found = row.counts.find("misses_absent");
    if (found != row.counts.end()) misses += found->second;
  }
  return misses;
}

}  // namespace

TEST_CASE("a database has its statistics beside it, and a store that is read-only adds nothing to them") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  const auto missing = R"({"model":"m","x":1})";
  const auto miss = [&](Cache& cache) { (void)cache.get(required(cache.key(missing)), EntryKind::response, soon()); };
  miss(*make_cache(file));
  CHECK_FALSE(fs::exists(file.string() + "-stats"));  // there is no database
  look_up_and_store(*make_cache(file));
  CHECK(misses_in(file) == 1);
  miss(*make_cache(file, {}, "?read_only=1"));
  CHECK(misses_in(file) == 1);
  miss(*make_cache(file, {.only_reads = true}));
  CHECK(misses_in(file) == 2);
  fs::remove(file.string() + "-stats");
  miss(*make_cache(file, {.only_reads = true}));
  CHECK_FALSE(fs::exists(file.string() + "-stats"));
  miss(*make_cache(file));
  CHECK(misses_in(file) == 1);
}

TEST_CASE("a store of files has its statistics in the state directory, and one that only reads creates none") {
  const TemporaryDirectory directory;
  const fs::path state = directory.path() / "state";
  StoreUrl url;
  url.kind = StoreUrl::Kind::dir;
  url.path = directory.path() / "fixtures";
  const auto row = row_of("m", 1);
  const auto count = [&](StoreOptions options, bool read_only) {
    options.state_directory = state;
    options.clock = kClock.clock();
    url.read_only = read_only;
    return required(open_store(url, options))->statistics()->add("", {&row, 1}, soon());
  };
  CHECK_FALSE(count({.only_reads = true}, false));
  count({}, true);
  CHECK_FALSE(fs::exists(state));
  CHECK(count({}, false));
  CHECK(count({.only_reads = true}, false));
  CHECK_FALSE(fs::exists(url.path));
  CHECK(required(open_store(url, {.state_directory = state, .clock = kClock.clock()}))
            ->statistics()
            ->read("", {}, soon())
            .value()
            .at(0)
            .counts.at("hits") == 2);
}

TEST_CASE("the child of a process that counts writes nothing") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  auto cache = make_cache(file);
  look_up_and_store(*cache);
  CHECK(Forked([&]() -> std::string {
          cache->write_statistics(soon());
          return "";
        }).complaint() == "");
  CHECK_FALSE(fs::exists(file.string() + "-stats"));
  cache.reset();
  CHECK(misses_in(file) == 1);
}

}  // namespace libcache::test
