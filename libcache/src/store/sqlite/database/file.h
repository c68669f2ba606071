// The database as a file: made so that nobody else can read it, never through a link, and set aside when it is damaged.
#pragma once

#include <libcache/result.h>
#include <libcache/time.h>
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

namespace libcache::internal::sqlite {

// Which file it is, whatever its name.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileId&) const = default;
};

struct FileState {
  FileId id;
  std::uint64_t size = 0;
};

// A lock on a directory. Whoever opens or creates a database in it holds the lock with others; set_aside() holds it
// alone, since SQLite finds the files that belong to a database by name and must not meet those of another one half
// way.
class DirectoryLock {
 public:
  enum class Kind { shared, exclusive };
  // Fails: refused (also for directories that cannot be locked at all), timeout.
  static Result<DirectoryLock> take(const std::filesystem::path& directory, Kind kind, Deadline deadline);

  DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// The file at `path`, or nothing. Fails (refused): a symbolic link, anything but a regular file, or a place where
// others could put one.
Result<std::optional<FileState>> look_at(const std::filesystem::path& path);

// Creates a directory, and those missing above it, with mode 0700 whatever the umask, and a CACHEDIR.TAG in it. No
// failure if it is there already. Fails: refused, also where others could put files into it.
Status make_private_directory(const std::filesystem::path& directory);

// Creates an empty file with mode 0600 whatever the umask. No failure if it is there already. Fails: refused.
Status make_private_file(const std::filesystem::path& path);

// Moves the damaged file and SQLite's files beside it to `path`.corrupt-<time>. Nothing if another process already has
// done that, or `damaged` is not what stands at `path` any more; else the new name. Fails: refused, timeout.
Result<std::optional<std::filesystem::path>> set_aside(const std::filesystem::path& path, const FileId& damaged,
                                                       UnixTime now, Deadline deadline);

}  // namespace libcache::internal::sqlite
