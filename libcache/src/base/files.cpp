#include "base/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace libcache::internal {
namespace {

template <typename WriteSome>
bool write_pieces(std::string_view bytes, const WriteSome& write_some) {
  while (!bytes.empty()) {
    const ssize_t written = write_some(bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

tl::unexpected<Error> refuse_path(const std::filesystem::path& path, std::string_view why) {
  return fail(ErrorCode::refused, "'" + path.string() + "' " + std::string(why));
}

tl::unexpected<Error> refuse_path_for_errno(const std::filesystem::path& path, std::string_view what) {
  return refuse_path(path, std::string(what) + ": " + std::generic_category().message(errno));
}

bool write_all(int file, std::string_view bytes) {
  return write_pieces(bytes, [&](std::string_view rest) { return ::write(file, rest.data(), rest.size()); });
}

bool write_all_at(int file, std::string_view bytes, off_t offset) {
  return write_pieces(bytes, [&](std::string_view rest) {
    return ::pwrite(file, rest.data(), rest.size(), offset + static_cast<off_t>(bytes.size() - rest.size()));
  });
}

bool is_same_file(const struct stat& left, const struct stat& right) {
  return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

}  // namespace libcache::internal
