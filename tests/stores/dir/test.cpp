#include <libcache/flight.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <set>

#include "stores/conformance.h"
#include "stores/dir/support.h"
#include "support/fake_clock.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

StoreUnderTest dir_under_test() {
  FakeClock clock;
  const auto directory = std::make_shared<TemporaryDirectory>();
  return {
      .surroundings = directory,
      .store = open_dir(directory->path() / "fixtures", {.clock = clock.clock()}),
      .now = clock.clock(),
      .advance = [clock](Milliseconds time) mutable { clock.advance(time); },
  };
}

void put_entry(Store& store, const NamedValue& entry, const PutOptions& options = {}) {
  REQUIRE(put(store, entry.name, entry.bytes, options));
}

}  // namespace

TEST_CASE("the store of files keeps the contract of every store") {
  check_conformance(dir_under_test);
}

TEST_CASE("the store of files keeps the contract of flights") {
  check_flights(dir_under_test);
}

TEST_CASE("on a store of files, one session never sees an entry of another") {
  check_sessions(dir_under_test);
}

TEST_CASE("an entry is one file, named after its session, its question and its hash") {
  const TemporaryDirectory directory;
  const auto store = open_dir(directory.path() / "fixtures");
  const auto entry = entry_for("What is the capital of France?", "{}");
  put_entry(*store, entry);
  const std::string digits = entry.name.substr(entry.name.size() - 32, 8);
  CHECK(tree_of(directory.path() / "fixtures") == Names{"default/what-is-the-capital-of-france." + digits + ".json"});
}

TEST_CASE("a directory or a link that has the name of an entry's file stays, and the entry gets a longer name") {
  const TemporaryDirectory directory;
  const auto store = open_dir(directory.path());
  const auto entry = entry_for("a", "{}");
  const std::string digits = entry.name.substr(entry.name.size() - 32);
  const auto file = [&](std::size_t count) {
    return directory.path() / "default" / ("a." + digits.substr(0, count) + ".json");
  };
  fs::create_directories(file(8));
  fs::create_symlink("elsewhere", file(16));
  put_entry(*store, entry);
  CHECK(fs::is_directory(file(8)));
  CHECK(fs::is_symlink(file(16)));
  CHECK_FALSE(fs::exists(directory.path() / "default/elsewhere"));
  CHECK(fs::is_regular_file(file(24)));
  CHECK(required(store->get(entry.name, soon())).has_value());
}

TEST_CASE("nothing but the files of values is written into the directory, even while a flight is led") {
  const TemporaryDirectory directory;
  const auto store = open_dir(directory.path() / "fixtures");
  const auto entry = entry_for("a", "{}");
  const auto flight = required(store->flights()->join(entry.name, soon()));
  CHECK(flight.lease);
  put_entry(*store, entry);
  put_entry(*store, entry_for("a", "{\"b\":2}"));
  CHECK(tree_of(directory.path() / "fixtures").size() == 1);
}

TEST_CASE("the same answer again changes no file") {
  const TemporaryDirectory directory;
  const auto store = open_dir(directory.path());
  put_entry(*store, entry_for("a", "{}"));
  const auto file = directory.path() / tree_of(directory.path()).at(0);
  struct stat before{};
  struct stat after{};
  REQUIRE(::stat(file.c_str(), &before) == 0);
  put_entry(*store, entry_for("a", "{}"));
  REQUIRE(::stat(file.c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
  CHECK(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
}

TEST_CASE("hostile names of sessions stay within the directory") {
  const TemporaryDirectory directory;
  const auto root = directory.path() / "fixtures";
  const auto store = open_dir(root);
  for (const char* session : {"..", ".", "../..", "/etc", "a/../../b", ".git", "con", "~root", "-rf"}) {
    KeyOptions options;
    options.session = session;
    const auto entry = entry_for("a", "{}", options);
    put_entry(*store, entry);
    CHECK(answer_of(*store, entry.name) == "{}");
  }
  CHECK(tree_of(directory.path()).size() == 9);
  CHECK(tree_of(root).size() == 9);
}

TEST_CASE("symbolic links lead nowhere") {
  const TemporaryDirectory directory;
  const auto root = directory.path() / "fixtures";
  const auto outside = directory.path() / "outside";
  fs::create_directories(root);
  fs::create_directories(outside);
  fs::create_directory_symlink(outside, root / "default");
  const auto store = open_dir(root);
  const auto entry = entry_for("a", "{}");
  CHECK(store->put(entry.name, entry.bytes, {}, soon()).error().code == ErrorCode::refused);
  CHECK(tree_of(outside).empty());
}

TEST_CASE("no two files of the store differ only in letter case") {
  const TemporaryDirectory directory;
  const auto store = open_dir(directory.path());
  std::set<std::string> files;
  for (const char* session : {"team", "Team", "TEAM", "+team", "%54eam"}) {
    KeyOptions options;
    options.session = session;
    put_entry(*store, entry_for("Hello", "{}", options));
    put_entry(*store, entry_for("HELLO", "{}", options));
  }
  for (std::string file : tree_of(directory.path())) {
    for (char& c : file) c = static_cast<char>(std::tolower(c));
    files.insert(file);
  }
  CHECK(files.size() == 10);
}

TEST_CASE("an edited answer is served, and an edited request answers neither the old request nor the new one") {
  const TemporaryDirectory directory;
  const auto store = open_dir(directory.path());
  const auto entry = entry_for("What is the capital of France?", R"({"text":"Paris"})");
  put_entry(*store, entry);
  const auto file = directory.path() / tree_of(directory.path()).at(0);
  const std::string text = content_of(file);

  std::string answered = text;
  answered.replace(answered.find("Paris"), 5, "Lyon");
  write_file(file, answered);
  CHECK(answer_of(*store, entry.name) == R"({"text":"Lyon"})");

  std::string asked = text;
  asked.replace(asked.find("France"), 6, "Spain");
  write_file(file, asked);
  CHECK(answer_of(*store, entry.name) == std::nullopt);
  CHECK(answer_of(*store, entry_for("What is the capital of Spain?", "").name) == std::nullopt);
  CHECK(names(*store, "").empty());

  // The old request's file keeps its name, and the new recording gets another one.
  put_entry(*store, entry);
  CHECK(tree_of(directory.path()).size() == 2);
  CHECK(answer_of(*store, entry.name) == R"({"text":"Paris"})");
}

TEST_CASE("a file may be given another title, and keeps it") {
  const TemporaryDirectory directory;
  const auto store = open_dir(directory.path());
  const auto entry = entry_for("a", "{}");
  put_entry(*store, entry);
  const auto file = directory.path() / tree_of(directory.path()).at(0);
  const std::string name = "renamed" + file.filename().string().substr(1);
  fs::rename(file, file.parent_path() / name);
  CHECK(answer_of(*store, entry.name) == "{}");
  put_entry(*store, entry_for("a", "{\"new\":1}"));
  CHECK(tree_of(directory.path()) == Names{"default/" + name});
  CHECK(answer_of(*store, entry.name) == "{\"new\":1}");
}

TEST_CASE("a damaged file is a damaged entry, and recording again replaces it") {
  const TemporaryDirectory directory;
  const auto store = open_dir(directory.path());
  const auto entry = entry_for("a", "{}");
  put_entry(*store, entry);
  const auto file = directory.path() / tree_of(directory.path()).at(0);
  write_file(file, "<<<<<<< HEAD\n");
  CHECK(answer_of(*store, entry.name) == "(damaged)");
  put_entry(*store, entry);
  CHECK(answer_of(*store, entry.name) == "{}");
  CHECK(tree_of(directory.path()).size() == 1);
}

TEST_CASE("another process's files are seen at once") {
  const TemporaryDirectory directory;
  const auto one = open_dir(directory.path());
  const auto other = open_dir(directory.path());
  for (int i = 0; i < 20; ++i) {
    const auto entry = entry_for("question " + std::to_string(i), "{}");
    CHECK(answer_of(*one, entry.name) == std::nullopt);
    put_entry(*other, entry);
    CHECK(answer_of(*one, entry.name) == "{}");
    CHECK(remove(*one, {entry.name}) == 1);
    CHECK(answer_of(*other, entry.name) == std::nullopt);
  }
}

TEST_CASE("two recordings of the same entries are the same files, in whatever order they were made") {
  const TemporaryDirectory directory;
  const auto one = open_dir(directory.path() / "one");
  const auto other = open_dir(directory.path() / "other");
  KeyOptions elsewhere;
  elsewhere.endpoint = "https://api.example.com/v1";
  std::vector<NamedValue> entries;
  for (int i = 0; i < 30; ++i) entries.push_back(entry_for("question " + std::to_string(i), "{\"i\":1}"));
  entries.push_back(entry_for("question 1", "{}", elsewhere));
  for (const auto& entry : entries) put_entry(*one, entry);
  std::ranges::reverse(entries);
  for (const auto& entry : entries) put_entry(*other, entry);
  const auto files = tree_of(directory.path() / "one");
  CHECK(files.size() == 31);
  REQUIRE(tree_of(directory.path() / "other") == files);
  for (const auto& file : files) {
    CHECK(content_of(directory.path() / "one" / file) == content_of(directory.path() / "other" / file));
  }
}

TEST_CASE("hashes that begin alike have file names with more digits") {
  const TemporaryDirectory directory;
  const auto store = open_dir(directory.path());
  const std::string first = "llmcache:default_0123456789abcdef0123456789abcdef";
  const std::string second = "llmcache:default_01234567ffffffff0123456789abcdef";
  put(*store, first, "no entries, but of the same title");
  put(*store, second, "2");
  CHECK(get(*store, first) == "no entries, but of the same title");
  CHECK(get(*store, second) == "2");
  CHECK(names(*store, "") == Names{first, second});
  CHECK(remove(*store, {first}) == 1);
  CHECK(get(*store, second) == "2");
}

TEST_CASE("a directory that does not exist holds nothing, and reading does not create it") {
  const TemporaryDirectory directory;
  const auto store = open_dir(directory.path() / "none");
  CHECK(get(*store, "a") == std::nullopt);
  CHECK(names(*store, "").empty());
  CHECK(remove(*store, {"a"}) == 0);
  CHECK_FALSE(fs::exists(directory.path() / "none"));
}

TEST_CASE("a file in the place of the directory is refused") {
  const TemporaryDirectory directory;
  write_file(directory.path() / "file", "precious");
  const auto store = open_dir(directory.path() / "file");
  CHECK(store->get("a", soon()).error().code == ErrorCode::refused);
  CHECK(store->put("a", "1", {}, soon()).error().code == ErrorCode::refused);
  CHECK(store->ping(soon()).error().code == ErrorCode::refused);
  CHECK(content_of(directory.path() / "file") == "precious");
}
