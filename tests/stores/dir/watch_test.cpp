// A folder that a process looks at again and again: it is watched, not listed each time, and all changes still show at once.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "stores/dir/support.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
using support::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

// More often than it takes for the folder to be watched, soon after a change.
void look_often(Store& store) {
  const auto change = entry_for("written just now", "{}");
  put(store, change.name, change.bytes);
  for (int i = 0; i < 20; ++i) CHECK(answer_of(store, entry_for("never written", "{}").name) == std::nullopt);
}

int watches_of_this_process() {
  int watches = 0;
  for (const auto& descriptor : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    if (fs::read_symlink(descriptor, error).string().find("inotify") != std::string::npos) ++watches;
  }
  return watches;
}

// A store that watches its folder, into which another one has written an entry.
struct Watching {
  TemporaryDirectory directory;
  fs::path folder = directory.path() / "default";
  std::unique_ptr<Store> store = open_dir(directory.path());
  std::unique_ptr<Store> other = open_dir(directory.path());
  NamedValue entry = entry_for("a question", "{}");

  Watching() {
    look_often(*store);
    REQUIRE(watches_of_this_process() == 1);
    put(*other, entry.name, entry.bytes);
  }
  std::optional<std::string> answer() const { return answer_of(*store, entry.name); }
};

fs::path only_file_about(const fs::path& folder, const std::string& title) {
  for (const auto& file : fs::directory_iterator(folder)) {
    if (file.path().filename().string().starts_with(title)) return file.path();
  }
  return {};
}

}  // namespace

TEST_CASE("a store that looks at a folder often sees at once what others do there") {
  const Watching watching;
  const auto& [directory, folder, store, other, entry] = watching;
  REQUIRE(watching.answer() == "{}");

  SECTION("a file that is removed by hand") {
    fs::remove(only_file_about(folder, "a-question"));
    CHECK(watching.answer() == std::nullopt);
  }
  SECTION("a file that is given another title, and back") {
    const auto file = only_file_about(folder, "a-question");
    const auto renamed = folder / ("another" + file.filename().string().substr(10));
    fs::rename(file, renamed);
    CHECK(watching.answer() == "{}");
    fs::rename(renamed, file);
    CHECK(watching.answer() == "{}");
    CHECK(remove(*store, {entry.name}) == 1);
    CHECK_FALSE(fs::exists(file));
  }
  SECTION("a folder that is removed and made again") {
    fs::remove_all(folder);
    CHECK(watching.answer() == std::nullopt);
    put(*other, entry.name, entry.bytes);
    CHECK(watching.answer() == "{}");
  }
  SECTION("another folder in its place") {
    fs::rename(folder, directory.path() / "away");
    CHECK(watching.answer() == std::nullopt);
    fs::rename(directory.path() / "away", folder);
    CHECK(watching.answer() == "{}");
  }
  SECTION("more changes than the system remembers") {
    const auto last = entry_for("the last question", "{}");
    for (int i = 0; i < 20'000; ++i) {
      write_file(folder / "x", "");
      fs::remove(folder / "x");
    }
    put(*other, last.name, last.bytes);
    CHECK(answer_of(*store, last.name) == "{}");
    CHECK(watching.answer() == "{}");
  }
}

TEST_CASE("a child process that uses the same store takes no changes from its parent") {
  const Watching watching;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(watching.answer() == "{}" ? 0 : 1);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(watching.answer() == "{}");
}

TEST_CASE("however many stores a process uses, it watches few folders, and none when it has closed them") {
  const TemporaryDirectory directory;
  std::vector<std::unique_ptr<Store>> stores;
  for (int i = 0; i < 10; ++i) {
    stores.push_back(open_dir(directory.path() / std::to_string(i)));
    look_often(*stores.back());
  }
  CHECK(watches_of_this_process() == 4);
  stores.clear();
  CHECK(watches_of_this_process() == 0);
}
