// The file of the SQLite store: its place, its creation, and files that are refused.
#include <fcntl.h>
#include <libcache/flight.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "stores/sqlite/support.h"
#include "stores/verbs.h"
#include "support/fake_clock.h"
#include "support/needs.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using support::TemporaryDirectory;

namespace {

class Umask {
 public:
  explicit Umask(mode_t mask) : previous_(umask(mask)) {}
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  ~Umask() { umask(previous_); }

 private:
  mode_t previous_;
};

// Whether each verb is refused.
void check_refused(Store& store) {
  const auto refused = [](const auto& result) { return !result && result.error().code == ErrorCode::refused; };
  CHECK(refused(store.get("a", soon())));
  CHECK(refused(store.put("a", "1", {}, soon())));
  CHECK(refused(store.remove(Names{"a"}, soon())));
  CHECK(refused(store.scan("", 0, [](const ScanRow&) -> Result<bool> { return true; }, soon())));
  CHECK(refused(store.ping(soon())));
}

}  // namespace

TEST_CASE("only a put creates the file") {
  const TemporaryDirectory directory;
  const auto store = open_sqlite(directory.path() / "cache" / "cache.db");
  CHECK(get(*store, "a") == std::nullopt);
  CHECK(names(*store, "").empty());
  CHECK(remove(*store, {"a"}) == 0);
  CHECK(store->ping(soon()).has_value());
  store->prepare_put(soon());
  CHECK(files_in(directory.path()).empty());
  put(*store, "a", "1");
  CHECK(get(*store, "a") == "1");
}

TEST_CASE("files and directories are made for their owner alone, whatever the umask") {
  const TemporaryDirectory directory;
  const auto above = directory.path() / "new";
  const auto file = above / "deep" / "cache.db";
  {
    const Umask umask(GENERATE(mode_t{0}, mode_t{0777}, mode_t{022}));
    const auto writing = open_sqlite(file);
    put(*writing, "a", "1");
    const auto reading = open_sqlite(file);
    CHECK(get(*reading, "a") == "1");
    CHECK(mode_of(above) == 0700);
    CHECK(mode_of(above / "deep") == 0700);
    for (const char* suffix : {"", "-wal", "-shm"}) CHECK(mode_of(file.string() + suffix) == 0600);
    const auto flight = required(writing->flights()->join("a", soon()));
    CHECK(mode_of(file.string() + "-flights") == 0700);
    for (const auto& name : files_in(file.string() + "-flights")) {
      CHECK(mode_of(fs::path(file.string() + "-flights") / name) == 0600);
    }
  }
}

TEST_CASE("a directory that was made for the cache is tagged as one, a directory that was there is not") {
  const TemporaryDirectory directory;
  put(*open_sqlite(directory.path() / "new" / "cache.db"), "a", "1");
  CHECK(
      content_of(directory.path() / "new" / "CACHEDIR.TAG").starts_with("Signature: 8a477f597d28d172789f06886806bc55"));
  put(*open_sqlite(directory.path() / "cache.db"), "a", "1");
  CHECK_FALSE(fs::exists(directory.path() / "CACHEDIR.TAG"));
}

TEST_CASE("a symbolic link in place of the file is refused and its target does not change") {
  const TemporaryDirectory directory;
  const auto link = directory.path() / "cache.db";
  const auto victim = directory.path() / "victim";
  SECTION("to a file") {
    write_file(victim, "precious");
  }
  SECTION("to nothing") {}
  SECTION("to a cache") {
    put(*open_sqlite(victim), "a", "1");
  }
  const auto before = content_of(victim);
  fs::create_symlink(victim, link);
  check_refused(*open_sqlite(link));
  CHECK(content_of(victim) == before);
  CHECK(fs::is_symlink(link));
}

TEST_CASE("a symbolic link among the directories above the file is accepted") {
  const TemporaryDirectory directory;
  fs::create_directory(directory.path() / "real");
  fs::create_directory_symlink("real", directory.path() / "link");
  put(*open_sqlite(directory.path() / "link" / "cache.db"), "a", "1");
  CHECK(get(*open_sqlite(directory.path() / "real" / "cache.db"), "a") == "1");
}

TEST_CASE("anything but a regular file in place of the file is refused") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  SECTION("a directory") {
    fs::create_directory(file);
  }
  SECTION("a pipe") {
    REQUIRE(mkfifo(file.c_str(), 0600) == 0);
  }
  check_refused(*open_sqlite(file));
}

TEST_CASE("a file in place of a directory above the file is refused") {
  const TemporaryDirectory directory;
  write_file(directory.path() / "file", "x");
  check_refused(*open_sqlite(directory.path() / "file" / "cache.db"));
}

TEST_CASE("a directory of another user to which anyone may write is refused") {
  if (geteuid() != 0) support::cannot_run("only root can make one");
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  put(*open_sqlite(file), "a", "1");
  fs::permissions(directory.path(), fs::perms(01777));
  CHECK(get(*open_sqlite(file), "a") == "1");
  REQUIRE(chown(directory.path().c_str(), 65534, 65534) == 0);
  check_refused(*open_sqlite(file));
  CHECK(open_sqlite(directory.path() / "new.db")->put("a", "1", {}, soon()).error().code == ErrorCode::refused);
  fs::permissions(directory.path(), fs::perms(0755));
  CHECK(get(*open_sqlite(file), "a") == "1");
}

TEST_CASE("a database of another program is refused and stays as it is") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  SECTION("with another program's table") {
    Database(file).execute("CREATE TABLE accounts(name)");
  }
  SECTION("with a table like ours") {
    Database(file).execute("CREATE TABLE entries(id INTEGER PRIMARY KEY, name, expires, used, value)");
  }
  SECTION("with another program's application id") {
    Database(file).execute("PRAGMA application_id=1; PRAGMA user_version=1");
  }
  const auto before = content_of(file);
  check_refused(*open_sqlite(file));
  CHECK(content_of(file) == before);
  CHECK(files_in(directory.path()) == Names{"cache.db"});
}

TEST_CASE("a database of a newer version is refused and stays as it is") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  put(*open_sqlite(file), "a", "1");
  Database(file).execute("PRAGMA user_version=1000");
  const auto store = open_sqlite(file);
  check_refused(*store);
  CHECK(store->get("a", soon()).error().message.find("newer version") != std::string::npos);
  Database(file).execute("PRAGMA user_version=1");
  CHECK(get(*open_sqlite(file), "a") == "1");
}

TEST_CASE("a file that is not a database is refused and stays as it is") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  const std::string content =
      GENERATE(std::string(), std::string("shopping list\n"), std::string(100'000, 'x'),
               "SQLite format 3" + std::string(5'000, '\0'), std::string("SQLite format 3\0", 16));
  write_file(file, content);
  const auto store = open_sqlite(file, {}, GENERATE(true, false));
  check_refused(*store);
  store->prepare_put(soon());
  if (store->flights() != nullptr) CHECK(store->flights()->join("a", soon()).error().code == ErrorCode::refused);
  CHECK(store->get("a", soon()).error().message.find("choose another --store path") != std::string::npos);
  CHECK(content_of(file) == content);
  CHECK(files_in(directory.path()) == Names{"cache.db"});
}

TEST_CASE("another user's file in place of the log of a new database is refused and does not change") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  const std::string suffix = GENERATE("-wal", "-journal");
  write_file(file.string() + suffix, "precious");
  CHECK(open_sqlite(file)->put("a", "1", {}, soon()).error().code == ErrorCode::refused);
  CHECK(content_of(file.string() + suffix) == "precious");
  CHECK(files_in(directory.path()) == Names{"cache.db" + suffix});
}

TEST_CASE("the log of a database that was deleted does not end up in the next one") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  {
    const auto store = open_sqlite(file);
    put(*store, "old", "1");
    fs::copy(file.string() + "-wal", directory.path() / "log");
  }
  fs::remove(file);
  fs::rename(directory.path() / "log", file.string() + "-wal");
  put(*open_sqlite(file), "new", "2");
  CHECK(names(*open_sqlite(file), "") == Names{"new"});
}

TEST_CASE("another user's directory in place of the flights' directory keeps its files") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  fs::create_directory(file.string() + "-flights");
  fs::permissions(file.string() + "-flights", fs::perms(0700));
  write_file(fs::path(file.string() + "-flights") / "precious", "1");
  const auto store = open_sqlite(file);
  required(store->flights()->join("a", soon())).lease.reset();
  CHECK(files_in(file.string() + "-flights") == Names{"precious"});
}

TEST_CASE("a database that is not in use is one file that contains everything") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  put(*open_sqlite(file), "a", "1");
  CHECK(files_in(directory.path()) == Names{"cache.db"});
  fs::copy(file, directory.path() / "copy.db");
  CHECK(get(*open_sqlite(directory.path() / "copy.db"), "a") == "1");
  {
    const auto one = open_sqlite(file);
    const auto other = open_sqlite(file);
    put(*one, "b", "2");
    CHECK(get(*other, "b") == "2");
    CHECK(get(*other, "b") == "2");
  }
  CHECK(files_in(directory.path()) == Names{"cache.db", "copy.db"});
}

TEST_CASE("a missing database is reported once, and is an error for a strict store that may not create it") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  const bool read_only = GENERATE(true, false);
  Events events;
  const auto store = open_sqlite(file, {.on_event = events.handler()}, read_only);
  CHECK(get(*store, "a") == std::nullopt);
  CHECK(names(*store, "").empty());
  REQUIRE(events.seen->size() == 1);
  CHECK(events.seen->front().name == "store.missing");
  CHECK((events.seen->front().severity == Event::Severity::warning) == read_only);
  const auto strict = open_sqlite(file, {.strict = true}, read_only)->get("a", soon());
  CHECK(strict.has_value() == !read_only);
}

TEST_CASE("a store notices when its file is removed: at once when it writes, within a second when it reads") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache" / "cache.db";
  FakeClock clock;
  const auto store = open_sqlite(file, {.clock = clock.clock()});
  put(*store, "a", "1");
  CHECK(get(*store, "a") == "1");
  fs::remove_all(file.parent_path());
  clock.advance(2s);
  CHECK(get(*store, "a") == std::nullopt);
  put(*store, "b", "2");
  CHECK(names(*open_sqlite(file), "") == Names{"b"});
  CHECK(names(*store, "") == Names{"b"});

  fs::remove_all(file.parent_path());
  put(*store, "c", "3");
  CHECK(names(*open_sqlite(file), "") == Names{"c"});
}

TEST_CASE("a file name that SQLite would take for something else is a file name") {
  const TemporaryDirectory directory;
  const std::string name = GENERATE(":memory:", "file:x?mode=memory", "a b%20c?d#e", "q'uo\"te");
  const auto file = directory.path() / name;
  put(*open_sqlite(file), "a", "1");
  CHECK(fs::is_regular_file(file));
  CHECK(get(*open_sqlite(file), "a") == "1");
}

TEST_CASE("a store without a path is invalid") {
  CHECK(open_store(*StoreUrl::parse("sqlite:")).error().code == ErrorCode::invalid);
}

TEST_CASE("a refused write names what made the store read-only") {
  const TemporaryDirectory directory;
  const std::string url = "sqlite:" + (directory.path() / "cache.db").string();
  const auto by_url = open_store(StoreUrl::parse(url + "?read_only=1").value()).value();
  CHECK(by_url->put("a", "1", {}, soon()).error().message == "the store was opened read-only (read_only=1)");
  const auto by_options = open_store(StoreUrl::parse(url).value(), {.only_reads = true}).value();
  CHECK(by_options->put("a", "1", {}, soon()).error().message ==
        "the store was opened read-only (StoreOptions::only_reads)");
}

TEST_CASE("a database that cannot be opened because too many files are open is named in the error") {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "cache.db";
  const std::string url = "sqlite:" + file.string();
  put(*open_store(StoreUrl::parse(url).value()).value(), "a", "1");
  struct rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  int failures = 0;
  for (int spare = 0; spare < 8; ++spare) {
    const auto store = open_store(StoreUrl::parse(url).value()).value();
    const int next = ::dup(0);
    ::close(next);
    struct rlimit few = before;
    few.rlim_cur = static_cast<rlim_t>(next + spare);
    ::setrlimit(RLIMIT_NOFILE, &few);
    const auto value = store->get("a", soon());
    ::setrlimit(RLIMIT_NOFILE, &before);
    if (value) continue;
    ++failures;
    INFO(value.error().message);
    CHECK(value.error().message.find(file.string()) != std::string::npos);
  }
  CHECK(failures > 0);
}
