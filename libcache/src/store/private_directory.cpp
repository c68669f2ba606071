#include "store/private_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/descriptor.h"
#include "base/files.h"

namespace libcache::internal {
namespace {

namespace fs = std::filesystem;

// Lets backup programs skip the directory (https://bford.info/cachedir/). It does not matter if that fails.
void tag_cache_directory(const fs::path& directory) {
  constexpr std::string_view kTag =
      "Signature: 8a477f597d28d172789f06886806bc55\n"
      "# This directory holds a cache of llmcache and may be deleted.\n";
  const auto path = directory / "CACHEDIR.TAG";
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file) (void)!write(*file, kTag.data(), kTag.size());
}

}  // namespace

Status check_directory(const fs::path& directory) {
  struct stat state{};
  if (stat(directory.c_str(), &state) != 0) return refuse_path_for_errno(directory, "cannot be used");
  if ((state.st_mode & S_IWOTH) != 0 && state.st_uid != geteuid()) {
    return refuse_path(directory, "belongs to another user and anyone may write to it; choose another --store path");
  }
  return {};
}

Status make_private_directory(const fs::path& directory) {
  std::vector<fs::path> missing;
  for (auto path = directory; access(path.c_str(), F_OK) != 0 && errno == ENOENT; path = path.parent_path()) {
    missing.push_back(path);
  }
  bool created = false;
  for (auto path = missing.rbegin(); path != missing.rend(); ++path) {
    created = mkdir(path->c_str(), 0700) == 0;
    if (!created && errno != EEXIST) return refuse_path_for_errno(*path, "cannot be created");
    if (created && chmod(path->c_str(), 0700) != 0) return refuse_path_for_errno(*path, "cannot be made private");
  }
  if (created) tag_cache_directory(directory);
  return check_directory(directory);
}

}  // namespace libcache::internal
