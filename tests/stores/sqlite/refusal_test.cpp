// Places where the SQLite store may not or cannot write.
#include <libcache/diagnosis.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "stores/sqlite/support.h"
#include "stores/verbs.h"
#include "support/forked.h"
#include "support/needs.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
namespace fs = std::filesystem;
using support::Forked;
using support::TemporaryDirectory;

namespace {

// Root may write anywhere.
void give_up_root() {
  if (geteuid() == 0 && (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)) {
    throw std::runtime_error("cannot give up root");
  }
}

void own_by_nobody(const fs::path& path) {
  if (geteuid() == 0) REQUIRE(chown(path.c_str(), 65534, 65534) == 0);
}

std::string describe(const Result<std::optional<std::string>>& value) {
  if (!value) return value.error().message;
  return value->value_or("nothing");
}

std::string check_refused(const Result<bool>& stored, std::string_view wanted_in_message) {
  if (stored) return "the put succeeded";
  if (stored.error().code != ErrorCode::refused) return "not refused: " + stored.error().message;
  return stored.error().message.find(wanted_in_message) == std::string::npos ? stored.error().message : "";
}

// Reads "old", which must be there, and tries to put. What went wrong.
std::string check_reads_but_refuses(const fs::path& file) {
  give_up_root();
  const auto store = open_sqlite(file);
  for (int i = 0; i < 3; ++i) {
    if (describe(store->get("old", soon())) != "value") return describe(store->get("old", soon()));
    const auto complaint = check_refused(store->put("new", "v", {}, soon()), "permission");
    if (!complaint.empty()) return complaint;
  }
  std::size_t listed = 0;
  const auto visit = [&](const ScanRow&) -> Result<bool> { return ++listed != 0; };
  if (!store->scan("", 10, visit, soon()) || listed != 1) return "the scan failed";
  return "";
}

// Fills what room there is. What went wrong.
std::string fill(const fs::path& file) {
  const auto store = open_sqlite(file);
  if (const auto stored = store->put("old", "value", {}, soon()); !stored) return stored.error().message;
  const std::string large(100'000, 'v');
  for (int i = 0; i < 100; ++i) {
    const auto stored = store->put("large" + std::to_string(i), large, {}, soon());
    if (stored) continue;
    if (stored.error().code != ErrorCode::refused) return "not refused: " + stored.error().message;
    if (i == 0) return "there was no room at all";
    if (describe(store->get("old", soon())) != "value") return describe(store->get("old", soon()));
    if (describe(open_sqlite(file)->get("large0", soon())) != large) return "old values were damaged";
    return "";
  }
  return "there was room for everything";
}

// Leaves a database as a process that is killed does: with the value in the log.
void put_into_log(const fs::path& file, const std::string& name, const std::string& value) {
  const TemporaryDirectory elsewhere;
  const auto used = elsewhere.path() / "used.db";
  const auto store = open_sqlite(used);
  put(*store, name, value);
  fs::create_directories(file.parent_path());
  for (const char* suffix : {"", "-wal", "-shm"}) fs::copy(used.string() + suffix, file.string() + suffix);
}

// Removes values from a full file system. What went wrong.
std::string remove_on_full_disk(const fs::path& directory) {
  std::ofstream(directory / "filling") << std::string(1 << 20, 'x');  // the last free block, too
  const auto store = open_sqlite(directory / "cache.db");
  const auto removed = store->remove(Names{"large0", "large1"}, soon());
  if (!removed) return removed.error().message;
  if (*removed != 2) return "removed " + std::to_string(*removed);
  if (describe(store->get("old", soon())) != "value") return describe(store->get("old", soon()));
  fs::remove(directory / "filling");
  const auto stored = store->put("new", "value", {}, soon());
  if (!stored) return stored.error().message;
  return describe(open_sqlite(directory / "cache.db")->get("new", soon())) == "value" ? "" : "the put was lost";
}

void limit_file_size(rlim_t bytes) {
  signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{bytes, bytes};
  setrlimit(RLIMIT_FSIZE, &limit);
}

}  // namespace

TEST_CASE("in a read-only directory values are read and puts are refused") {
  const TemporaryDirectory directory;
  const auto cache = directory.path() / "cache";
  const auto file = cache / "cache.db";
  put_into_log(file, "old", "value");
  SECTION("with the value still in the log") {
    REQUIRE(fs::file_size(file.string() + "-wal") > 0);
  }
  SECTION("with a log without an index") {
    fs::remove(file.string() + "-shm");
  }
  SECTION("with the log merged into the database") {
    get(*open_sqlite(file), "old");
    REQUIRE_FALSE(fs::exists(file.string() + "-wal"));
  }
  SECTION("with an empty log") {
    get(*open_sqlite(file), "old");
    write_file(file.string() + "-wal", "");
  }
  fs::permissions(directory.path(), fs::perms(0755));
  for (const auto& name : files_in(cache)) fs::permissions(cache / name, fs::perms(0444));
  fs::permissions(cache, fs::perms(0555));
  CHECK(Forked([&] { return check_reads_but_refuses(file); }).complaint() == "");
  fs::permissions(cache, fs::perms(0755));
}

TEST_CASE("a read-only file in the user's own directory is read and puts are refused") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  put_into_log(file, "old", "value");
  SECTION("with the value still in the log") {}
  SECTION("with the log merged into the database") {
    get(*open_sqlite(file), "old");
  }
  for (const auto& name : files_in(directory.path())) {
    own_by_nobody(directory.path() / name);
    fs::permissions(directory.path() / name, fs::perms(0444));
  }
  own_by_nobody(directory.path());
  CHECK(Forked([&] { return check_reads_but_refuses(file); }).complaint() == "");
}

TEST_CASE("a file that one may not even read is refused") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  put(*open_sqlite(file), "old", "value");
  fs::permissions(file, fs::perms(0));
  fs::permissions(directory.path(), fs::perms(0755));
  CHECK(Forked([&]() -> std::string {
          give_up_root();
          const auto value = open_sqlite(file)->get("old", soon());
          if (value) return "it was read";
          return value.error().code == ErrorCode::refused ? "" : value.error().message;
        }).complaint() == "");
}

TEST_CASE("where no directory can be made, a put is refused and a get is a miss") {
  const TemporaryDirectory directory;
  fs::permissions(directory.path(), fs::perms(0555));
  CHECK(Forked([&]() -> std::string {
          give_up_root();
          const auto store = open_sqlite(directory.path() / "cache" / "cache.db");
          if (describe(store->get("a", soon())) != "nothing") return describe(store->get("a", soon()));
          return check_refused(store->put("a", "1", {}, soon()), "Permission denied");
        }).complaint() == "");
  fs::permissions(directory.path(), fs::perms(0755));
}

TEST_CASE("a put is refused where a damaged file cannot be moved aside") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  write_damaged(file);
  const auto content = content_of(file);
  fs::permissions(file, fs::perms(0644));
  fs::permissions(directory.path(), fs::perms(0555));
  CHECK(Forked([&]() -> std::string {
          give_up_root();
          return check_refused(open_sqlite(file)->put("a", "1", {}, soon()), "");
        }).complaint() == "");
  CHECK(content_of(file) == content);
  fs::permissions(directory.path(), fs::perms(0755));
}

TEST_CASE("beyond the limit on file sizes a put is refused and stored values stay") {
  const TemporaryDirectory directory;
  CHECK(Forked([&] {
          limit_file_size(1'000'000);
          return fill(directory.path() / "cache.db");
        }).complaint() == "");
  CHECK(get(*open_sqlite(directory.path() / "cache.db"), "old") == "value");
}

TEST_CASE("on a full file system a put is refused, stored values stay, and removals work") {
  const TemporaryDirectory directory;
  const auto complaint = Forked([&]() -> std::string {
                           if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
                             return "no rights";
                           mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
                           if (mount("none", directory.path().c_str(), "tmpfs", 0, "size=1m") != 0) return "no rights";
                           const auto filled = fill(directory.path() / "cache.db");
                           return filled.empty() ? remove_on_full_disk(directory.path()) : filled;
                         }).complaint();
  if (complaint == "no rights") support::cannot_run("only root can mount a small file system");
  CHECK(complaint == "");
}

namespace {

// Remembers what names, contents and times there are.
std::string state_of(const fs::path& directory) {
  std::string state;
  for (const auto& name : files_in(directory)) {
    struct stat file{};
    lstat((directory / name).c_str(), &file);
    state += name + " " + std::to_string(file.st_mtim.tv_sec) + "." + std::to_string(file.st_mtim.tv_nsec) + " " +
             content_of(directory / name) + "\n";
  }
  return state;
}

}  // namespace

TEST_CASE("reads leave no trace on disk") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache" / "cache.db";
  SECTION("with a log that no process has open") {
    put_into_log(file, "a", "value");
  }
  SECTION("with a log without an index") {
    put_into_log(file, "a", "value");
    fs::remove(file.string() + "-shm");
  }
  SECTION("without a log") {
    put(*open_sqlite(file), "a", "value");
  }
  SECTION("with an empty log") {
    put(*open_sqlite(file), "a", "value");
    write_file(file.string() + "-wal", "");
  }
  SECTION("with a log of which a writer that was killed had written only the header") {
    put_into_log(file, "other", "in the log");
    const std::string header = content_of(file.string() + "-wal").substr(0, 32);
    fs::remove(file.string() + "-wal");
    fs::remove(file.string() + "-shm");
    put(*open_sqlite(file), "a", "value");
    write_file(file.string() + "-wal", header);
    write_file(file.string() + "-shm", std::string(32768, '\0'));
  }
  const auto before = state_of(file.parent_path());
  {
    const auto store = open_sqlite(file, {}, true);
    for (int i = 0; i < 3; ++i) CHECK(get(*store, "a") == "value");
    CHECK(names(*store, "") == Names{"a"});
    CHECK(list(*store, "", 3).front().head == "val");
    for (const auto& finding : store->diagnose({.prefix = ""}, soon())) CHECK(finding.grade != Finding::Grade::fail);
  }
  const bool unchanged = state_of(file.parent_path()) == before;
  CHECK(unchanged);
}

TEST_CASE("reading a database that is not in use leaves no trace on disk") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  put(*open_sqlite(file), "a", "value");
  const auto before = state_of(directory.path());
  CHECK(get(*open_sqlite(file), "a") == "value");
  for (const auto& finding : open_sqlite(file)->diagnose({.prefix = ""}, soon())) {
    CHECK(finding.grade == Finding::Grade::pass);
  }
  const bool unchanged = state_of(directory.path()) == before;
  CHECK(unchanged);
}

TEST_CASE("a read-only store sees the writes of other processes at once") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  put(*open_sqlite(file), "a", "1");
  const auto reader = open_sqlite(file, {}, true);
  CHECK(get(*reader, "a") == "1");
  {
    const auto writer = open_sqlite(file);
    for (int i = 2; i < 6; ++i) {
      put(*writer, "a", std::to_string(i));
      CHECK(get(*reader, "a") == std::to_string(i));
    }
  }
  CHECK(get(*reader, "a") == "5");
  const auto writer = open_sqlite(file);
  put(*writer, "a", "6");
  CHECK(get(*reader, "a") == "6");
}
