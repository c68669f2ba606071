// What tests of the SQLite store share.
#pragma once

#include <libcache/open.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "support/files.h"

namespace libcache::test {

inline std::unique_ptr<Store> open_sqlite(const std::filesystem::path& file, const StoreOptions& options = {},
                                          bool read_only = false) {
  StoreUrl url;
  url.path = file;
  url.read_only = read_only;
  return open_store(url, options).value();
}

// Events as they come, each as "name: message".
struct Events {
  std::shared_ptr<std::vector<Event>> seen = std::make_shared<std::vector<Event>>();
  EventHandler handler() const {
    return [events = seen](const Event& event) { events->push_back(event); };
  }
};

// A database of ours of which only the header is intact.
inline void write_damaged(const std::filesystem::path& file, char filling = 'x') {
  open_sqlite(file)->put("a", "1", {}, Deadline::never()).value();
  auto content = content_of(file);
  std::fill(content.begin() + 100, content.end(), filling);
  write_file(file, content);
}

inline unsigned mode_of(const std::filesystem::path& file) {
  struct stat state{};
  return lstat(file.c_str(), &state) == 0 ? state.st_mode & 07777U : 0U;
}

inline std::vector<std::string> files_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

// Another connection to the same file, without the store.
class Database {
 public:
  explicit Database(const std::filesystem::path& file) { REQUIRE(sqlite3_open(file.c_str(), &database_) == SQLITE_OK); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { sqlite3_close(database_); }

  void execute(const std::string& sql) {
    char* message = nullptr;
    const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, &message);
    INFO(sql << ": " << (message == nullptr ? "" : message));
    sqlite3_free(message);
    REQUIRE(code == SQLITE_OK);
  }
  std::int64_t integer(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_step(statement) == SQLITE_ROW);
    const auto value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
  }

 private:
  sqlite3* database_ = nullptr;
};

}  // namespace libcache::test
