#include "store/place_diagnosis.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "store/size_text.h"

namespace libcache::internal {

namespace fs = std::filesystem;
using Grade = Finding::Grade;

fs::path nearest_directory(fs::path directory) {
  std::error_code error;
  while (!fs::exists(directory, error) && directory.has_relative_path()) directory = directory.parent_path();
  return directory.empty() ? fs::path(".") : directory;
}

Finding find_permissions(const fs::path& place, bool read_only) {
  if (::access(place.c_str(), read_only ? R_OK : W_OK) == 0) {
    return {Grade::pass, "permissions", place.string() + (read_only ? " can be read" : " can be written"), ""};
  }
  const std::string reason = std::strerror(errno);
  if (place == place.root_path()) {
    return {Grade::fail, "permissions", place.string() + " cannot be written: " + reason,
            "the store's directory does not exist: choose another path"};
  }
  return {Grade::fail, "permissions", place.string() + " cannot be " + (read_only ? "read: " : "written: ") + reason,
          read_only ? "change its owner or mode" : "change its owner or mode, or use ?read_only=1"};
}

Finding find_free_space(const fs::path& directory, std::uint64_t growth) {
  constexpr std::uint64_t kTooLittle = 64 << 20;
  struct statvfs system{};
  if (::statvfs(directory.c_str(), &system) != 0) {
    return {Grade::warn, "space", directory.string() + ": " + std::strerror(errno), "check that it exists"};
  }
  const std::uint64_t free = std::uint64_t{system.f_bavail} * system.f_frsize;
  const std::string message = size_text(free) + " free in " + directory.string();
  if (free < kTooLittle) return {Grade::fail, "space", message, "free some space, or move the store with --store"};
  if (free >= growth) return {Grade::pass, "space", message, ""};
  return {Grade::warn, "space", message + ", and the store may grow by " + size_text(growth),
          "free some space, or lower --max-size"};
}

}  // namespace libcache::internal
