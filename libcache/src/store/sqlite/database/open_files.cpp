#include "store/sqlite/database/open_files.h"

namespace libcache::internal::sqlite {

Guarded<OpenFiles>::Access lock_open_files() {
  // Never destroyed: a store may be closed by a destructor that runs at exit.
  static auto* const open_files = new Guarded<OpenFiles>;
  return open_files->lock();
}

void OpenFiles::remove(const FileId& file) {
  const auto use = files_.find(file);
  if (use != files_.end() && --use->second.connections == 0) files_.erase(use);
}

void OpenFiles::close(const FileId& file, sqlite3* unlocked) {
  std::unique_ptr<sqlite3, Close> connection(unlocked);
  if (const auto use = files_.find(file); use != files_.end())
    use->second.closed_later.push_back(std::move(connection));
}

LockingConnection::LockingConnection(const FileId& file) : file_(file) {
  lock_open_files()->add(file);
}

LockingConnection::~LockingConnection() {
  if (file_) lock_open_files()->remove(*file_);
}

}  // namespace libcache::internal::sqlite
