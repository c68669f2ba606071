#include "store/sqlite/database/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/files.h"
#include "store/private_directory.h"
#include "store/sqlite/database/connection.h"
#include "store/sqlite/database/header.h"
#include "store/sqlite/database/open_files.h"
#include "store/sqlite/database/schema.h"

namespace libcache::internal::sqlite {
namespace {

namespace fs = std::filesystem;

fs::path unused_name_beside(const fs::path& path, UnixTime now) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char time[32];
  std::strftime(time, sizeof time, "%Y%m%dT%H%M%SZ", &utc);
  const auto base = path.string() + ".corrupt-" + time;
  fs::path name = base;
  for (int i = 2; access(name.c_str(), F_OK) == 0; ++i) name = base + "-" + std::to_string(i);
  return name;
}

// The first bytes of a file; fewer if it is shorter.
Result<std::string> first_bytes(const fs::path& path, std::size_t count) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return refuse_path_for_errno(path, "cannot be read");
  std::string bytes(count, '\0');
  const auto size = pread(*file, bytes.data(), count, 0);
  if (size < 0) return refuse_path_for_errno(path, "cannot be read");
  bytes.resize(static_cast<std::size_t>(size));
  return bytes;
}

tl::unexpected<Error> refuse_in_the_way(const fs::path& file, const fs::path& database) {
  return refuse_path(file,
                     "is in the way of the log of '" + database.filename().string() + "'; choose another --store path");
}

// Whether a file may be the index of a log: it begins with its version (https://sqlite.org/walformat.html), or with zeros.
bool may_be_log_index(const std::string& bytes) {
  constexpr std::uint32_t kVersion = 3007000;
  std::uint32_t version = 0;
  std::memcpy(&version, bytes.data(), std::min(bytes.size(), sizeof version));
  return version == 0 || version == kVersion;
}

// SQLite would replay the log of a database that was deleted into a new one of the same name, and delete what it takes
// for a journal or for the index of a log. Removes the log if it is one.
Status clear_leftovers(const fs::path& path) {
  const fs::path log = path.string() + "-wal";
  const fs::path index = path.string() + "-shm";
  if (access(index.c_str(), F_OK) == 0) {
    const auto bytes = first_bytes(index, 4);
    if (!bytes) return fail(bytes.error());
    if (!may_be_log_index(*bytes)) return refuse_in_the_way(index, path);
  }
  const fs::path journal = path.string() + "-journal";
  if (access(journal.c_str(), F_OK) == 0) return refuse_path(journal, "exists without its database; move it away");
  if (access(log.c_str(), F_OK) != 0) return {};
  const auto bytes = first_bytes(log, 4);
  if (!bytes) return fail(bytes.error());
  if (!bytes->empty() && *bytes != "\x37\x7f\x06\x82" && *bytes != "\x37\x7f\x06\x83") {
    return refuse_in_the_way(log, path);
  }
  return unlink(log.c_str()) == 0 || errno == ENOENT ? Status() : refuse_path_for_errno(log, "cannot be removed");
}

// A new file without a name, or with an unused name if the file system does not support files without names.
struct NewFile {
  Descriptor descriptor;
  fs::path name;  // by which it can be linked
  bool named = false;

  explicit NewFile(const fs::path& path) {
    descriptor = Descriptor(open(path.parent_path().c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
    name = "/proc/self/fd/" + std::to_string(*descriptor);
    if (descriptor && access(name.c_str(), F_OK) == 0) return;
    name = path.string() + ".new-" + std::to_string(std::random_device()());
    descriptor = Descriptor(open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    named = static_cast<bool>(descriptor);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (named) unlink(name.c_str());
  }
};

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const fs::path& directory, Kind kind, Deadline deadline) {
  DirectoryLock lock(Descriptor(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  if (!lock.directory_) return refuse_path_for_errno(directory, "cannot be opened");
  const int operation = LOCK_NB | (kind == Kind::shared ? LOCK_SH : LOCK_EX);
  for (int attempt = 0; flock(*lock.directory_, operation) != 0; ++attempt) {
    if (errno != EWOULDBLOCK) return refuse_path_for_errno(directory, "cannot be locked");
    if (!back_off(attempt, deadline)) {
      return fail(ErrorCode::timeout, "'" + directory.string() + "': another process kept the directory locked");
    }
  }
  return lock;
}

bool supports_locks(const fs::path& directory) {
  const Descriptor file(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct flock lock{};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  return !file || fcntl(*file, F_SETLK, &lock) == 0 || errno != ENOLCK;
}

Result<std::optional<FileState>> look_at(const fs::path& path) {
  struct stat state{};
  if (lstat(path.c_str(), &state) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return refuse_path_for_errno(path, "cannot be used");
  }
  if (S_ISLNK(state.st_mode)) return refuse_path(path, "is a symbolic link; give the path of the file itself");
  if (!S_ISREG(state.st_mode)) return refuse_path(path, "is not a regular file; choose another --store path");
  if (auto checked = check_directory(path.parent_path()); !checked) return fail(checked.error());
  return FileState{{state.st_dev, state.st_ino}, static_cast<std::uint64_t>(state.st_size)};
}

Status check_is_ours(const fs::path& path, const FileId& id) {
  const auto open_files = lock_open_files();
  if (open_files->is_locked(id)) return {};  // it was checked when it was opened
  const auto header = first_bytes(path, kHeaderSize);
  if (!header) return fail(header.error());
  return check_header(*header, path.native());
}

Status check_file(const fs::path& path) {
  const auto state = look_at(path);
  if (!state) return fail(state.error());
  return *state ? check_is_ours(path, (*state)->id) : Status();
}

bool has_room(const fs::path& path, std::uint64_t size) {
  constexpr std::uint64_t kOtherPages = 64 << 10;
  struct statvfs system{};
  if (statvfs(path.c_str(), &system) != 0) return true;  // the write itself will report it
  struct stat log{};
  const std::uint64_t in_log = stat((path.native() + "-wal").c_str(), &log) == 0 ? log.st_size : 0;
  const auto free = std::uint64_t{geteuid() == 0 ? system.f_bfree : system.f_bavail} * system.f_frsize;
  return free >= in_log + 2 * size + kOtherPages;
}

Status create_database(const fs::path& path, Deadline deadline) {
  const auto lock = DirectoryLock::take(path.parent_path(), DirectoryLock::Kind::exclusive, deadline);
  if (!lock && lock.error().code == ErrorCode::timeout) return fail(lock.error());
  const auto present = look_at(path);
  if (!present) return fail(present.error());
  if (*present) return {};
  if (auto cleared = clear_leftovers(path); !cleared) return cleared;
  const auto bytes = empty_database();
  if (!bytes) return fail(bytes.error());

  NewFile file(path);
  if (!file.descriptor) return refuse_path_for_errno(path, "cannot be created");
  // Written and synced before it is linked, because an incomplete file would not be recognised as a database.
  if (fchmod(*file.descriptor, 0600) != 0 || !write_all(*file.descriptor, *bytes) || fdatasync(*file.descriptor) != 0) {
    return refuse_path_for_errno(path, "cannot be created");
  }
  const auto open_files = lock_open_files();  // no thread may lock it before its descriptor is closed
  const int linked = linkat(AT_FDCWD, file.name.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW);
  const auto done = linked == 0 || errno == EEXIST ? Status() : refuse_path_for_errno(path, "cannot be created");
  file.descriptor = Descriptor();
  return done;
}

Result<std::optional<fs::path>> set_aside(const fs::path& path, const FileId& damaged, UnixTime now,
                                          Deadline deadline) {
  const auto lock = DirectoryLock::take(path.parent_path(), DirectoryLock::Kind::exclusive, deadline);
  if (!lock) return fail(lock.error());
  const auto present = look_at(path);
  if (!present) return fail(present.error());
  if (!*present || (*present)->id != damaged) return std::nullopt;

  auto aside = unused_name_beside(path, now);
  if (rename(path.c_str(), aside.c_str()) != 0)
    return refuse_path_for_errno(path, "is damaged and cannot be moved aside");
  // SQLite's own files may be missing.
  for (const char* suffix : {"-wal", "-shm"}) {
    (void)rename((path.string() + suffix).c_str(), (aside.string() + suffix).c_str());
  }
  return aside;
}

}  // namespace libcache::internal::sqlite
