// Places where the SQLite store may not or cannot write.
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
  put(*open_sqlite(file), "old", "value");
  SECTION("with the value still in the log") {
    REQUIRE(fs::file_size(file.string() + "-wal") > 0);
  }
  SECTION("with the log merged into the database") {
    Database(file).execute("PRAGMA journal_mode=WAL");
  }
  SECTION("with an empty log") {
    Database(file).execute("PRAGMA journal_mode=WAL");
    write_file(file.string() + "-wal", "");
  }
  fs::permissions(directory.path(), fs::perms(0755));
  for (const auto& name : files_in(cache)) fs::permissions(cache / name, fs::perms(0444));
  fs::permissions(cache, fs::perms(0555));
  CHECK(Forked([&] { return check_reads_but_refuses(file); }).complaint() == "");
  fs::permissions(cache, fs::perms(0755));
}

TEST_CASE("a read-only file in a directory of one's own is read and puts are refused") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  put(*open_sqlite(file), "old", "value");
  SECTION("with the value still in the log") {}
  SECTION("with the log merged into the database") {
    Database(file).execute("PRAGMA journal_mode=WAL");
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

TEST_CASE("a damaged file that cannot be moved away is refused") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  write_file(file, std::string(10'000, 'x'));
  fs::permissions(file, fs::perms(0644));
  fs::permissions(directory.path(), fs::perms(0555));
  CHECK(Forked([&]() -> std::string {
          give_up_root();
          const auto value = open_sqlite(file)->get("a", soon());
          if (value) return "it was read";
          return value.error().code == ErrorCode::refused ? "" : value.error().message;
        }).complaint() == "");
  CHECK(content_of(file) == std::string(10'000, 'x'));
  fs::permissions(directory.path(), fs::perms(0755));
}

TEST_CASE("beyond the limit on file sizes a put is refused and what was stored stays") {
  const TemporaryDirectory directory;
  CHECK(Forked([&] {
          limit_file_size(1'000'000);
          return fill(directory.path() / "cache.db");
        }).complaint() == "");
  CHECK(get(*open_sqlite(directory.path() / "cache.db"), "old") == "value");
}

TEST_CASE("on a full file system a put is refused and what was stored stays") {
  const TemporaryDirectory directory;
  const auto complaint = Forked([&]() -> std::string {
                           if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
                             return "no rights";
                           mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
                           if (mount("none", directory.path().c_str(), "tmpfs", 0, "size=1m") != 0) return "no rights";
                           return fill(directory.path() / "cache.db");
                         }).complaint();
  if (complaint == "no rights") support::cannot_run("only root can mount a small file system");
  CHECK(complaint == "");
}
