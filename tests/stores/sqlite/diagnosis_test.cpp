// The diagnosis of a database file.
#include <libcache/diagnosis.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "stores/findings.h"
#include "stores/sqlite/support.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
using Grade = Finding::Grade;

namespace {

namespace fs = std::filesystem;

struct File {
  support::TemporaryDirectory directory;
  fs::path path = directory.path() / "cache.db";

  std::unique_ptr<Store> open() const { return open_store(StoreUrl::parse("sqlite:" + path.string()).value()).value(); }
  void fill() const {
    const auto store = open();
    for (int i = 0; i < 100; ++i) {
      REQUIRE(store->put("name" + std::to_string(i), std::string(1000, 'v'), {}, Deadline::never()));
    }
  }
  std::vector<Finding> diagnosis(Deadline deadline = Deadline::never()) const {
    return open()->diagnose({.prefix = "llmcache:"}, deadline);
  }
};

}  // namespace

TEST_CASE("a sound file passes every check") {
  const File file;
  file.fill();
  const auto findings = file.diagnosis();
  for (const auto* check : {"file", "permissions", "space", "log", "integrity"}) {
    CHECK(finding_on(findings, check).grade == Grade::pass);
  }
}

TEST_CASE("a file that does not exist yet is not created by a lookup") {
  const File file;
  CHECK(worst(file.diagnosis()) == Grade::pass);
  CHECK_FALSE(fs::exists(file.path));
}

TEST_CASE("a file that does not exist is not said to be created where the store only reads") {
  const File file;
  const std::string url = "sqlite:" + file.path.string();
  std::vector<Finding> findings;
  SECTION("because the URL says so") {
    findings = open_store(StoreUrl::parse(url + "?read_only=1").value()).value()->diagnose({}, Deadline::never());
  }
  SECTION("because the options say so") {
    findings = open_store(StoreUrl::parse(url).value(), {.only_reads = true}).value()->diagnose({}, Deadline::never());
  }
  const Finding finding = finding_on(findings, "file");
  CHECK(finding.grade == Grade::warn);
  CHECK(finding.message == file.path.string() + " does not exist, so every lookup is a miss");
}

TEST_CASE("a damaged database fails, and stays where it is") {
  const File file;
  REQUIRE(file.open()->put("large", std::string(1 << 20, 'v'), {}, Deadline::never()));
  SECTION("pages overwritten") {
    std::fstream bytes(file.path, std::ios::binary | std::ios::in | std::ios::out);
    bytes.seekp(4096);
    bytes << std::string(40000, 'x');
  }
  SECTION("everything after the header overwritten") {
    test::write_damaged(file.path);
  }
  CHECK(finding_on(file.diagnosis(), "integrity").grade == Grade::fail);
  CHECK(fs::exists(file.path));
}

TEST_CASE("a file that no command can use fails, without advice to move it away") {
  const File file;
  std::string says;
  SECTION("not a database") {
    test::write_file(file.path, "shopping list");
    says = "is not an SQLite database";
  }
  SECTION("of another program") {
    test::Database(file.path).execute("CREATE TABLE notes(text)");
    says = "is an SQLite database of another program";
  }
  SECTION("of a newer version") {
    file.fill();
    test::Database(file.path).execute("PRAGMA user_version=99");
    says = "was written by a newer version";
  }
  const auto finding = finding_on(file.diagnosis(), "file");
  CHECK(finding.grade == Grade::fail);
  CHECK(finding.message.find(says) != std::string::npos);
  CHECK(finding.advice.find("move it away") == std::string::npos);
}

TEST_CASE("a file that others may read is a warning") {
  const File file;
  file.fill();
  fs::permissions(file.path, fs::perms(0644));
  CHECK(finding_on(file.diagnosis(), "permissions").grade == Grade::warn);
}

TEST_CASE("a directory in place of the file fails") {
  const File file;
  fs::create_directory(file.path);
  CHECK(worst(file.diagnosis()) == Grade::fail);
}

TEST_CASE("a check that has no time left says so") {
  const File file;
  file.fill();
  const auto finding = finding_on(file.diagnosis(Deadline::after(Milliseconds(-1))), "integrity");
  CHECK(finding.grade == Grade::warn);
  CHECK(finding.message.find("not checked completely") != std::string::npos);
}
