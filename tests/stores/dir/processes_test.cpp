// Many processes on one store of files, some of which die, some of which may not write.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <random>

#include "stores/dir/support.h"
#include "stores/findings.h"
#include "support/forked.h"
#include "support/sanitizers.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
namespace fs = std::filesystem;
using support::Forked;
using support::TemporaryDirectory;

namespace {

// An answer that shows by itself whether it is exactly one that was put.
std::string answer_for(int version) {
  std::string text;
  for (int i = 0; i < 50 + version % 7 * 200; ++i) text += std::to_string(version) + " ";
  return R"({"text":")" + text + "\"}";
}

bool is_exact(const std::string& answer) {
  const auto begin = answer.find_first_of("0123456789");
  return begin != answer.npos && answer == answer_for(std::stoi(answer.substr(begin, 9)));
}

std::string use_directory(const fs::path& directory, int process) {
  const auto store = open_dir(directory);
  for (int round = 0; round < 10; ++round) {
    const auto own = entry_for("own " + std::to_string(process) + " " + std::to_string(round), answer_for(round));
    const auto shared = entry_for("shared " + std::to_string(round % 5), answer_for(process * 100 + round));
    for (const auto& entry : {own, shared}) {
      const auto stored = store->put(entry.name, entry.bytes, {}, soon());
      if (!stored) return "put: " + stored.error().message;
      const auto answer = answer_of(*store, entry.name);
      if (!answer) return "lost an entry";
      if (!is_exact(*answer)) return "torn";
    }
  }
  return "";
}

}  // namespace

TEST_CASE("64 processes that write files at once lose nothing and leave nothing else") {
  const TemporaryDirectory directory;
  const auto root = directory.path() / "deep" / "fixtures";  // which none of them finds there
  std::vector<Forked> processes;
  for (int process = 0; process < 64; ++process) {
    processes.emplace_back([&, process] { return use_directory(root, process); });
  }
  for (auto& process : processes) CHECK(process.complaint() == "");
  CHECK(tree_of(root).size() == 64 * 10 + 5);
  const auto store = open_dir(root);
  for (const auto& row : list(*store, "")) CHECK(is_exact(answer_of(*store, row.name).value()));
}

TEST_CASE("after many writers killed in the middle every file is exact, and there are no others") {
  const TemporaryDirectory directory;
  std::mt19937 random(1);
  const auto put_for_ever = [&](int first, const std::function<void()>& progress) -> std::string {
    const auto store = open_dir(directory.path());
    for (int version = first;; ++version) {
      const auto entry = entry_for("question " + std::to_string(version % 10), answer_for(version));
      const auto stored = store->put(entry.name, entry.bytes, {}, soon());
      if (!stored) return stored.error().message;
      progress();
    }
  };
  for (int cycle = 0; cycle < tries(300); ++cycle) {
    Forked writer([&](const std::function<void()>& progress) { return put_for_ever(cycle * 100, progress); });
    const auto puts = random() % 6;
    bool alive = true;
    for (unsigned i = 0; i < puts && alive; ++i) alive = writer.wait_for_progress();
    REQUIRE(alive);
    writer.kill();
  }
  const auto store = open_dir(directory.path());
  for (const auto& file : tree_of(directory.path())) {
    INFO(file);
    CHECK(file.ends_with(".json"));
  }
  for (int i = 0; i < 10; ++i) {
    const auto entry = entry_for("question " + std::to_string(i), answer_for(i));
    const auto answer = answer_of(*store, entry.name);
    if (answer) CHECK(is_exact(*answer));
    put(*store, entry.name, entry.bytes);
  }
  CHECK(names(*store, "").size() == 10);
}

TEST_CASE("among 10,000 entries one is found by the names of the files alone") {
  const TemporaryDirectory directory;
  const auto store = open_dir(directory.path());
  const auto wanted = entry_for("the one that is asked for", R"({"found":true})");
  put(*store, wanted.name, wanted.bytes);
  // Reading any of the others would fail, since they are directories.
  std::mt19937 random(1);
  for (int i = 0; i < 10'000; ++i) {
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08x", static_cast<unsigned>(random()));
    fs::create_directory(directory.path() / "default" / ("question-" + std::to_string(i) + "." + digits + ".json"));
  }
  for (int i = 0; i < 20; ++i) CHECK(answer_of(*store, wanted.name) == R"({"found":true})");
  CHECK(answer_of(*store, entry_for("another", "").name) == std::nullopt);
}

TEST_CASE("in a directory that may only be read every entry is found, nothing is written, and the diagnosis says so") {
  const TemporaryDirectory directory;
  fs::permissions(directory.path(), fs::perms(0755));
  const auto root = directory.path() / "fixtures";
  const auto entry = entry_for("a", "{}");
  put(*open_dir(root), entry.name, entry.bytes);
  fs::permissions(root / "default", fs::perms(0555));
  fs::permissions(root, fs::perms(0555));
  const auto before = fs::last_write_time(root / "default");
  Forked reader([&]() -> std::string {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return "cannot drop privileges";
    const auto store = open_dir(root);
    if (answer_of(*store, entry.name) != "{}") return "not found";
    const auto other = entry_for("b", "{}");
    const auto stored = store->put(other.name, other.bytes, {}, soon());
    if (stored || stored.error().code != ErrorCode::refused) return "a put was not refused";
    const auto removed = store->remove(Names{entry.name}, soon());
    if (removed || removed.error().code != ErrorCode::refused) return "a removal was not refused";
    if (worst(store->diagnose({}, soon())) != Finding::Grade::fail) return "the diagnosis passed";
    const auto read_only = open_dir(root, {}, true);
    if (worst(read_only->diagnose({}, soon())) != Finding::Grade::pass) return "the read-only diagnosis did not pass";
    return "";
  });
  CHECK(reader.complaint() == "");
  CHECK(fs::last_write_time(root / "default") == before);
  fs::permissions(root, fs::perms(0755));
  fs::permissions(root / "default", fs::perms(0755));
}
