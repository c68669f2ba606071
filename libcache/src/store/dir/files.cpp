#include "store/dir/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "base/files.h"

namespace libcache::internal::dir {
namespace {

namespace fs = std::filesystem;

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

// The store's directory may be a symbolic link, its folders may not.
Descriptor open_folder(const fs::path& root, const std::string& folder) {
  Descriptor directory(::open(root.c_str(), kFolderFlags));
  if (!directory || folder.empty()) return directory;
  return Descriptor(::openat(*directory, folder.c_str(), kFolderFlags | O_NOFOLLOW));
}

UnixTime time_of(const timespec& time) {
  return UnixTime(
      std::chrono::floor<Milliseconds>(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)));
}

}  // namespace

tl::unexpected<Error> FolderFiles::refuse(const std::string& file, const char* what) const {
  return refuse_path_for_errno(path_ / file, what);
}

Result<std::optional<FolderFiles>> FolderFiles::open(const fs::path& root, const std::string& folder) {
  Descriptor descriptor = open_folder(root, folder);
  if (descriptor) return FolderFiles(root / folder, std::move(descriptor));
  if (errno == ENOENT) return std::nullopt;
  return refuse_path_for_errno(root / folder, "cannot be opened");
}

Result<FolderFiles> FolderFiles::open_or_create(const fs::path& root, const std::string& folder) {
  std::error_code error;
  fs::create_directories(root, error);
  const Descriptor directory(::open(root.c_str(), kFolderFlags));
  if (!directory && error) errno = error.value();  // why there is none
  if (!directory) return refuse_path_for_errno(root, "cannot be created");
  if (::mkdirat(*directory, folder.c_str(), 0777) != 0 && errno != EEXIST) {
    return refuse_path_for_errno(root / folder, "cannot be created");
  }
  Descriptor descriptor(::openat(*directory, folder.c_str(), kFolderFlags | O_NOFOLLOW));
  if (!descriptor) return refuse_path_for_errno(root / folder, "cannot be opened");
  return FolderFiles(root / folder, std::move(descriptor));
}

Result<std::optional<FolderFiles::Content>> FolderFiles::read(const std::string& file) const {
  const Descriptor descriptor(::openat(*folder_, file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat state{};
  if (!descriptor && (errno == ENOENT || errno == ELOOP)) return std::nullopt;
  if (!descriptor || ::fstat(*descriptor, &state) != 0) return refuse(file, "cannot be opened");
  if (!S_ISREG(state.st_mode)) return std::nullopt;
  Content content{.text = std::string(static_cast<std::size_t>(state.st_size), '\0'),
                  .written = time_of(state.st_mtim)};
  std::size_t size = 0;
  while (size < content.text.size()) {
    const auto count = ::read(*descriptor, content.text.data() + size, content.text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refuse(file, "cannot be read");
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  content.text.resize(size);
  return content;
}

bool FolderFiles::is_taken(const std::string& file) const {
  struct stat state{};
  return ::fstatat(*folder_, file.c_str(), &state, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(state.st_mode);
}

// Without a name, a file disappears with its process.
Result<Descriptor> FolderFiles::write_unnamed(std::string_view text) const {
  Descriptor file(::openat(*folder_, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666));
  if (!file && errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return refuse("", "cannot be written to");
  if (file && !write_all(*file, text)) return refuse("", "cannot be written to");
  return file;
}

Result<bool> FolderFiles::create(const std::string& file, std::string_view text) const {
  auto unnamed = write_unnamed(text);
  if (!unnamed) return fail(unnamed.error());
  if (*unnamed) {
    const std::string source = "/proc/self/fd/" + std::to_string(**unnamed);
    if (::linkat(AT_FDCWD, source.c_str(), *folder_, file.c_str(), AT_SYMLINK_FOLLOW) == 0) return true;
    if (errno == EEXIST) return false;
    return refuse(file, "cannot be created");
  }
  return create_named(file, text);
}

// For file systems without unnamed files. A process that is killed may leave the hidden file.
Result<bool> FolderFiles::create_named(const std::string& file, std::string_view text) const {
  static std::atomic<unsigned> last = 0;
  const std::string hidden = "." + std::to_string(::getpid()) + "-" + std::to_string(++last) + ".tmp";
  const Descriptor named(
      ::openat(*folder_, hidden.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!named) return refuse(file, "cannot be created");
  if (write_all(*named, text) && ::renameat2(*folder_, hidden.c_str(), *folder_, file.c_str(), RENAME_NOREPLACE) == 0) {
    return true;
  }
  const bool exists = errno == EEXIST;
  const auto failure = refuse(file, "cannot be created");
  ::unlinkat(*folder_, hidden.c_str(), 0);
  return exists ? Result<bool>(false) : failure;
}

Status FolderFiles::replace(const std::string& file, const std::string& other, std::string_view text) const {
  for (;;) {
    const auto linked = create(other, text);
    if (!linked) return fail(linked.error());
    if (*linked) break;
    // Of a process that was killed, or of one that is replacing the same file now and loses.
    ::unlinkat(*folder_, other.c_str(), 0);
  }
  if (::renameat(*folder_, other.c_str(), *folder_, file.c_str()) == 0 || errno == ENOENT) return {};
  const auto failure = refuse(file, "cannot be replaced");
  ::unlinkat(*folder_, other.c_str(), 0);
  return failure;
}

Result<bool> FolderFiles::remove(const std::string& file) const {
  if (::unlinkat(*folder_, file.c_str(), 0) == 0) return true;
  if (errno == ENOENT) return false;
  return refuse(file, "cannot be removed");
}

Result<std::vector<std::string>> folders_in(const fs::path& root) {
  std::vector<std::string> folders;
  const OpenListing listing(::opendir(root.c_str()));
  if (!listing && errno == ENOENT) return folders;
  if (!listing) return refuse_path_for_errno(root, "cannot be opened");
  while (const dirent* entry = ::readdir(listing.get())) {
    if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)) continue;
    folders.emplace_back(entry->d_name);
  }
  std::ranges::sort(folders);
  return folders;
}

}  // namespace libcache::internal::dir
