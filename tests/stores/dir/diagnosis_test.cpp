// The diagnosis of a directory of entries.
#include "stores/dir/support.h"
#include "stores/findings.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
using Grade = Finding::Grade;
using support::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

std::vector<Finding> diagnosis_of(const fs::path& directory, bool read_only = false) {
  return open_dir(directory, {}, read_only)->diagnose({.prefix = "llmcache:"}, Deadline::never());
}

void record(const fs::path& directory, const std::string& text) {
  const auto entry = entry_for(text, "{}");
  put(*open_dir(directory), entry.name, entry.bytes);
}

}  // namespace

TEST_CASE("a sound directory passes every check") {
  const TemporaryDirectory directory;
  record(directory.path(), "a");
  record(directory.path(), "b");
  const auto findings = diagnosis_of(directory.path());
  for (const auto* check : {"directory", "permissions", "space", "entries"}) {
    CHECK(finding_on(findings, check).grade == Grade::pass);
  }
  CHECK(finding_on(findings, "entries").message == "2 files, and each can be found by its request");
}

TEST_CASE("a directory that does not exist yet is created by the first write, not by its diagnosis") {
  const TemporaryDirectory directory;
  const fs::path missing = directory.path() / "a/b";
  CHECK(worst(diagnosis_of(missing)) == Grade::pass);
  CHECK_FALSE(fs::exists(missing));
  const auto findings = diagnosis_of(missing, true);
  CHECK(finding_on(findings, "directory").grade == Grade::warn);
}

TEST_CASE("damaged and misnamed files are counted, and one of them is named") {
  const TemporaryDirectory directory;
  for (const auto* text : {"a", "b", "c"}) record(directory.path(), text);
  const auto files = tree_of(directory.path());
  write_file(directory.path() / files[0], "{");
  fs::rename(directory.path() / files[1], directory.path() / "default/b.ffffffff.json");
  const auto found = finding_on(diagnosis_of(directory.path()), "entries");
  CHECK(found.grade == Grade::warn);
  CHECK(found.message == "2 of 3 files cannot be found by a request, such as " + files[0]);
}

TEST_CASE("a file in the place of a directory fails") {
  const TemporaryDirectory directory;
  write_file(directory.path() / "file", "precious");
  CHECK(finding_on(diagnosis_of(directory.path() / "file"), "directory").grade == Grade::fail);
  CHECK(content_of(directory.path() / "file") == "precious");
}
