// Which database files this process holds locks on.
//
// When a process closes any descriptor of a file, the kernel drops all POSIX locks that the process holds on that file.
// Another process could then delete the log that a connection here still uses. SQLite takes care of this for its own
// connections, except for those that do not lock. Those, and our own descriptors of a database, go through this class.
#pragma once

#include <sqlite3.h>

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "store/sqlite/database/file_id.h"

namespace libcache::internal::sqlite {

class OpenFiles {
 public:
  bool is_locked(const FileId& file) const { return files_.contains(file); }
  void add(const FileId& file) { ++files_[file].connections; }
  void remove(const FileId& file);
  // Closes a connection that does not lock: now, or when the last one that does is closed.
  void close(const FileId& file, sqlite3* unlocked);

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  struct Use {
    int connections = 0;
    std::vector<std::unique_ptr<sqlite3, Close>> closed_later;
  };
  std::map<FileId, Use> files_;  // those with locks
};

// Those of this process. No connection starts or stops to lock while the result exists.
Guarded<OpenFiles>::Access lock_open_files();

// One connection that locks, for as long as this exists. Movable.
class LockingConnection {
 public:
  LockingConnection() = default;
  explicit LockingConnection(const FileId& file);
  LockingConnection(LockingConnection&& other) noexcept : file_(std::exchange(other.file_, std::nullopt)) {}
  LockingConnection& operator=(LockingConnection&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~LockingConnection();

 private:
  std::optional<FileId> file_;
};

}  // namespace libcache::internal::sqlite
