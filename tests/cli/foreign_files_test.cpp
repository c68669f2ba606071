// Files that are not databases of ours, given as the store by mistake: no command changes them.
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <map>
#include <random>

#include "cli/terminal_session.h"
#include "support/sanitizers.h"

using llmcache::test::TerminalSession;
namespace fs = std::filesystem;

namespace {

// Each command, to be followed by nothing else. The first three are run on every file, all of them on one file of each
// sort.
constexpr const char* kCommands[] = {
    "get request.json",
    "put request.json --response answer.json",
    "ls",
    "hash request.json",
    "replay request.json",
    "diff request.json 01234567",
    "stats",
    "run --request request.json -- cat answer.json",
    "run --mode refresh --request request.json -- cat answer.json",
    "run --mode replay --request request.json",
    "purge --yes --all ''",
    "purge --dry-run llmcache:",
    "clear 0123456789abcdef0123456789abcdef",
    "show llmcache:default_0123456789abcdef0123456789abcdef",
    "doctor",
    "stats",
    "stats --zero",
};

// The observable state of a file: type, mode, size, times and content.
using Files = std::map<std::string, std::string>;

Files files_in(const TerminalSession& shell, const std::string& directory) {
  Files files;
  for (const auto& entry : fs::directory_iterator(shell.home() / directory)) {
    struct stat state{};
    lstat(entry.path().c_str(), &state);
    auto& text = files[entry.path().filename().string()];
    text = std::to_string(state.st_mode) + " " + std::to_string(state.st_size) + " " +
           std::to_string(state.st_mtim.tv_sec) + "." + std::to_string(state.st_mtim.tv_nsec) + " " +
           std::to_string(state.st_ino) + " ";
    if (S_ISREG(state.st_mode)) text += shell.read(directory + "/" + entry.path().filename().string());
  }
  return files;
}

void write_foreign_files(const TerminalSession& shell) {
  fs::create_directory(shell.home() / "files");
  const auto write = [&](const std::string& name, const std::string& content) {
    shell.write("files/" + name, content);
  };
  for (int i = 0; i < 75; ++i) write("notes" + std::to_string(i) + ".txt", "shopping list " + std::to_string(i) + "\n");
  write("empty", "");
  write("image.png", std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) + std::string(3000, '\x7f'));
  write("zeros", std::string(8192, '\0'));
  write("magic", std::string("SQLite format 3\0", 16));
  write("magic-and-zeros", std::string("SQLite format 3\0", 16) + std::string(8176, '\0'));
  // Random bytes, and files that begin as a database of ours or of SQLite does.
  std::mt19937 random(7);
  for (std::size_t i = 0; i < 80; ++i) {
    std::string bytes(1 + random() % 9000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (i % 3 == 1) bytes = "SQLite format 3" + bytes;
    if (i % 3 == 2) bytes = "LLMC" + bytes;
    write("random" + std::to_string(i), bytes);
  }
  shell.out("cd files && ln -s /dev/null device && ln -s notes0.txt link && ln -s nowhere dangling && mkfifo pipe");
  shell.out(
      "cd files && python3 -c '\n"
      "import sqlite3\n"
      "for name, before in [(f\"pages{i}.db\", f\"PRAGMA page_size={512 << (i % 8)}\") for i in range(40)] + "
      "list(((\"table.db\", \"\"), (\"wal.db\", \"PRAGMA journal_mode=WAL\"),\n"
      "                     (\"stamped.db\", \"PRAGMA application_id=7\"), (\"bare.db\", \"PRAGMA "
      "user_version=1\"))):\n"
      "    database = sqlite3.connect(name)\n"
      "    database.execute(before)\n"
      "    if name != \"bare.db\": database.execute(\"CREATE TABLE entries(id INTEGER PRIMARY KEY, name)\")\n"
      "    database.commit()\n"
      "    database.close()\n'");
}

}  // namespace

TEST_CASE("no command changes a file that is not a database of ours") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m","messages":[]})");
  shell.write("answer.json", R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]})");
  write_foreign_files(shell);
  const auto before = files_in(shell, "files");
  CHECK(before.size() >= 200);
  std::string script = "for file in files/*; do\n";
  // Fewer of the files that are alike.
  if (libcache::test::kSanitized) script += "  case $file in *[1-9] | *[1-9].*) continue;; esac\n";
  int number = 0;
  for (const char* command : kCommands) {
    if (number++ == 3)
      script +=
          "  case $file in *[0-9]*) [[ $file = *s0.txt || $file = *m[012] || $file = *s0.db ]] || continue;; esac\n";
    script += "  llmcache --store \"sqlite:$file\" " + std::string(command) + " >/dev/null 2>&1 </dev/null\n";
    if (std::string(command).starts_with("get ")) script += "  [ $? = 5 ] || echo \"get: $file\"\n";
    if (std::string(command).starts_with("put ")) script += "  [ $? = 5 ] || echo \"put: $file\"\n";
    if (std::string(command).starts_with("ls")) script += "  [ $? = 5 ] || echo \"ls: $file\"\n";
  }
  const auto ran = shell.run(script + "done\n");
  CHECK(ran.out == "");
  const bool unchanged = files_in(shell, "files") == before;
  CHECK(unchanged);
  CHECK(shell.run("llmcache --store sqlite:files/notes1.txt ls").err.find("choose another --store path") !=
        std::string::npos);
  CHECK(shell.run("llmcache --store sqlite:/dev/null ls").exit == 5);
}

TEST_CASE("a file that has the name of a database's log or journal stays as it is") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m","messages":[]})");
  for (const std::string ending : {"-wal", "-shm", "-journal"}) {
    INFO(ending);
    shell.write("notes.db" + ending, "precious\n");
    const auto put = shell.run("echo '{\"a\":1}' | llmcache --store sqlite:notes.db put request.json --accept any");
    CHECK(put.exit == 5);
    CHECK(put.err.find("notes.db" + ending) != std::string::npos);
    CHECK(shell.out("ls notes.db* && cat notes.db*") == "notes.db" + ending + "\nprecious\n");
    shell.out("rm notes.db*");
  }
}

TEST_CASE("only commands that write move a damaged database aside") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m","messages":[]})");
  shell.write("answer.json", R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]})");
  shell.out("llmcache --store sqlite:db/cache.db put request.json --response answer.json");
  const std::string whole = shell.read("db/cache.db");
  fs::remove(shell.home() / "db/CACHEDIR.TAG");
  fs::remove(shell.home() / "db/cache.db-stats");
  for (std::size_t page = 0; page < whole.size() / 4096; ++page) {
    auto damaged = whole;
    const auto begin = damaged.begin() + static_cast<std::ptrdiff_t>(page) * 4096;
    std::fill(begin + (page == 0 ? 100 : 0), begin + 4096, 'x');
    shell.write("db/cache.db", damaged);
    const auto before = files_in(shell, "db");
    for (const char* command : {"get request.json", "replay request.json", "run --mode replay --request request.json",
                                "ls", "doctor", "purge --dry-run llmcache:", "hash request.json"}) {
      const auto ran = shell.run("llmcache --store sqlite:db/cache.db " + std::string(command));
      INFO(page << " " << command << ran.err);
      CHECK(ran.exit <= 5);
    }
    const bool unchanged = files_in(shell, "db") == before;
    CHECK(unchanged);
  }
  CHECK(shell.run("llmcache --store sqlite:db/cache.db run --request request.json -- cat answer.json").exit == 0);
}

TEST_CASE("commands that only read leave no trace on disk, and say that a store does not exist") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m","messages":[]})");
  shell.write("answer.json", R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]})");
  shell.out("llmcache --store sqlite:db/cache.db run --request request.json -- cat answer.json");
  fs::remove_all(shell.home() / "db/cache.db-flights");
  fs::remove(shell.home() / "db/cache.db-stats");
  const auto before = files_in(shell, "db");
  CHECK(before.size() == 2);  // the database and the directory's tag
  const char* const readers[] = {"get request.json", "ls",    "run --mode replay --request request.json",
                                 "doctor",           "stats", "show \"$(llmcache hash request.json)\"",
                                 "hash request.json"};
  for (const char* command : readers) {
    INFO(command);
    CHECK(shell.run("llmcache --store sqlite:db/cache.db " + std::string(command)).exit == 0);
    CHECK(shell.run("llmcache --store 'sqlite:db/cache.db?read_only=1' " + std::string(command)).exit == 0);
    const bool unchanged = files_in(shell, "db") == before;
    CHECK(unchanged);
  }
  for (const char* command : {"get request.json", "ls", "run --mode replay --request request.json"}) {
    INFO(command);
    const auto missing = shell.run("llmcache --store sqlite:none/cache.db " + std::string(command));
    CHECK(missing.err.find("none/cache.db' does not exist") != std::string::npos);
    CHECK(missing.exit <= 1);
    CHECK(shell.run("llmcache --strict --store sqlite:none/cache.db " + std::string(command)).exit == 5);
  }
  CHECK_FALSE(fs::exists(shell.home() / "none"));
}
