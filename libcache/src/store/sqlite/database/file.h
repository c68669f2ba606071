// The database as a file: created so that no other user can read it and never through a link, recognised as a database
// of llmcache before anything is done to it, and moved aside when it is damaged.
#pragma once

#include <libcache/result.h>
#include <libcache/time.h>

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/descriptor.h"
#include "store/sqlite/database/file_id.h"

namespace libcache::internal::sqlite {

struct FileState {
  FileId id;
  std::uint64_t size = 0;
};

// A lock on a directory: shared to open a database in it, exclusive to create a database or to move one aside. SQLite
// finds the files that belong to a database by their names, and they must not be mixed with those of another database
// with the same name.
class DirectoryLock {
 public:
  enum class Kind { shared, exclusive };
  // Fails: refused (also for directories that cannot be locked at all), timeout.
  static Result<DirectoryLock> take(const std::filesystem::path& directory, Kind kind, Deadline deadline);

 private:
  explicit DirectoryLock(Descriptor directory) : directory_(std::move(directory)) {}
  Descriptor directory_;
};

// Whether the file system supports the locks that SQLite uses. (Network file systems may not.)
bool supports_locks(const std::filesystem::path& directory);

// The file at `path`; nothing if there is none. Fails (refused): a symbolic link, anything but a regular file, or a
// directory in which others could replace it.
Result<std::optional<FileState>> look_at(const std::filesystem::path& path);

// Fails (refused) unless the file is a database of ours, whole or damaged, in a version that we know.
Status check_is_ours(const std::filesystem::path& path, const FileId& id);

// The same for whatever file is at `path`, if there is one. Fails as look_at(), too.
Status check_file(const std::filesystem::path& path);

// Whether a value of `size` bytes can be written to the log, and everything in the log to the database. Otherwise the
// log would take the last space, and nothing could be removed any more.
bool has_room(const std::filesystem::path& path, std::uint64_t size);

// Creates an empty database of ours, all at once, with mode 0600 whatever the umask. An existing file is left as it is.
// Fails: refused, timeout.
Status create_database(const std::filesystem::path& path, Deadline deadline);

// Moves the damaged file and SQLite's files beside it to `path`.corrupt-<time>. Returns the new name; nothing if
// another process has done that already, or `damaged` is not the file at `path` any more. Fails: refused, timeout.
Result<std::optional<std::filesystem::path>> set_aside(const std::filesystem::path& path, const FileId& damaged,
                                                       UnixTime now, Deadline deadline);

}  // namespace libcache::internal::sqlite
