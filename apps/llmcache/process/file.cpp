#include "process/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "failure.h"
#include "process/descriptor.h"
#include "process/poll_timeout.h"

namespace llmcache {

namespace {

void check_type(const Descriptor& file, const std::filesystem::path& path, const FileRules& rules) {
  struct stat status{};
  if (::fstat(file.number(), &status) != 0) usage_error(path.string() + ": " + std::strerror(errno));
  if (S_ISDIR(status.st_mode)) usage_error(path.string() + ": is a directory");
  if (rules.must_be_regular && !S_ISREG(status.st_mode)) usage_error(path.string() + ": is not a regular file");
  if (rules.must_be_own && status.st_uid != ::getuid()) usage_error(path.string() + ": belongs to another user");
}

void wait_until_readable(const Descriptor& file, const std::filesystem::path& path, libcache::Deadline deadline) {
  pollfd readable{file.number(), POLLIN, 0};
  if (::poll(&readable, 1, poll_timeout(deadline)) == 0)
    throw Failure(Exit::unavailable, path.string() + ": not read within the deadline");
}

}  // namespace

std::optional<std::string> read_small_file(const std::filesystem::path& path, const FileRules& rules) {
  // Non-blocking, so that opening a pipe does not wait for its writer.
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (rules.must_be_own ? O_NOFOLLOW : 0);
  const Descriptor file(::open(path.c_str(), flags));
  if (file.number() < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (file.number() < 0 && errno == ELOOP) usage_error(path.string() + ": is a symbolic link");
  if (file.number() < 0) usage_error(path.string() + ": " + std::strerror(errno));
  check_type(file, path, rules);
  std::string content;
  char buffer[16 * 1024];
  while (true) {
    wait_until_readable(file, path, rules.deadline);
    const ssize_t received = ::read(file.number(), buffer, sizeof buffer);
    if (received < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (received < 0) usage_error(path.string() + ": " + std::strerror(errno));
    if (received == 0) return content;
    content.append(buffer, static_cast<std::size_t>(received));
    if (content.size() > rules.largest) {
      usage_error(fmt::format("{}: is larger than {} KiB", path.string(), rules.largest / 1024));
    }
  }
}

}  // namespace llmcache
