#include "store/sqlite/database/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <system_error>
#include <vector>

#include "store/sqlite/database/connection.h"

namespace libcache::internal::sqlite {
namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) {
  return "'" + path.string() + "'";
}

tl::unexpected<Error> refuse(const fs::path& path, const std::string& why) {
  return fail(ErrorCode::refused, quoted(path) + ": " + why);
}

tl::unexpected<Error> refuse_for_errno(const fs::path& path, const std::string& what) {
  return refuse(path, what + ": " + std::generic_category().message(errno));
}

Status check_directory(const fs::path& directory) {
  struct stat state{};
  if (stat(directory.c_str(), &state) != 0) return refuse_for_errno(directory, "cannot be used");
  if ((state.st_mode & S_IWOTH) != 0 && state.st_uid != geteuid()) {
    return refuse(directory, "anyone may write to this directory of another user; name a file elsewhere");
  }
  return {};
}

// Lets backup programs pass over the directory (https://bford.info/cachedir/). It does not matter if that fails.
void tag_cache_directory(const fs::path& directory) {
  constexpr std::string_view kTag =
      "Signature: 8a477f597d28d172789f06886806bc55\n"
      "# This directory holds a cache of llmcache and may be deleted.\n";
  const auto path = directory / "CACHEDIR.TAG";
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return;
  (void)!write(file, kTag.data(), kTag.size());
  close(file);
}

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

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const fs::path& directory, Kind kind, Deadline deadline) {
  DirectoryLock lock(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.descriptor_ < 0) return refuse_for_errno(directory, "cannot be opened");
  const int operation = LOCK_NB | (kind == Kind::shared ? LOCK_SH : LOCK_EX);
  for (int attempt = 0; flock(lock.descriptor_, operation) != 0; ++attempt) {
    if (errno != EWOULDBLOCK) return refuse_for_errno(directory, "cannot be locked");
    if (!back_off(attempt, deadline)) {
      return fail(ErrorCode::timeout, quoted(directory) + ": another process kept the directory locked");
    }
  }
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<std::optional<FileState>> look_at(const fs::path& path) {
  struct stat state{};
  if (lstat(path.c_str(), &state) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return refuse_for_errno(path, "cannot be looked at");
  }
  if (S_ISLNK(state.st_mode)) return refuse(path, "is a symbolic link; name the file itself");
  if (!S_ISREG(state.st_mode)) return refuse(path, "is not a file");
  if (auto checked = check_directory(path.parent_path()); !checked) return tl::make_unexpected(checked.error());
  return FileState{{state.st_dev, state.st_ino}, static_cast<std::uint64_t>(state.st_size)};
}

Status make_private_directory(const fs::path& directory) {
  std::vector<fs::path> missing;
  for (auto path = directory; access(path.c_str(), F_OK) != 0 && errno == ENOENT; path = path.parent_path()) {
    missing.push_back(path);
  }
  bool created = false;
  for (auto path = missing.rbegin(); path != missing.rend(); ++path) {
    created = mkdir(path->c_str(), 0700) == 0;
    if (!created && errno != EEXIST) return refuse_for_errno(*path, "cannot create the directory");
    if (created && chmod(path->c_str(), 0700) != 0) return refuse_for_errno(*path, "cannot set its permissions");
  }
  if (created) tag_cache_directory(directory);
  return check_directory(directory);
}

Status make_private_file(const fs::path& path) {
  // Not open(): to close a descriptor of a database file would drop the locks that this process holds on it.
  if (mknod(path.c_str(), S_IFREG | 0600, 0) != 0) {
    return errno == EEXIST ? Status() : refuse_for_errno(path, "cannot create the file");
  }
  if (chmod(path.c_str(), 0600) != 0) return refuse_for_errno(path, "cannot set its permissions");
  return {};
}

Result<std::optional<fs::path>> set_aside(const fs::path& path, const FileId& damaged, UnixTime now,
                                          Deadline deadline) {
  const auto lock = DirectoryLock::take(path.parent_path(), DirectoryLock::Kind::exclusive, deadline);
  if (!lock) return tl::make_unexpected(lock.error());
  const auto present = look_at(path);
  if (!present) return tl::make_unexpected(present.error());
  if (!*present || (*present)->id != damaged) return std::nullopt;

  auto aside = unused_name_beside(path, now);
  if (rename(path.c_str(), aside.c_str()) != 0) {
    return refuse_for_errno(path, "is damaged or not a database, and cannot be moved away");
  }
  // SQLite's own files may be missing. Should one stay behind, SQLite clears it away when it begins the next database.
  for (const char* suffix : {"-wal", "-shm"}) {
    (void)rename((path.string() + suffix).c_str(), (aside.string() + suffix).c_str());
  }
  return aside;
}

}  // namespace libcache::internal::sqlite
