#include "run/line_input.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace llmcache {

namespace {

constexpr std::size_t kReadAhead = 64 * 1024;

}  // namespace

LineInput::LineInput(const std::string& path)
    : input_(path), buffer_(std::make_unique_for_overwrite<char[]>(kReadAhead)) {}

std::optional<std::uint64_t> LineInput::count() const {
  struct stat status{};
  if (::fstat(input_.descriptor(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  off_t at = ::lseek(input_.descriptor(), 0, SEEK_CUR);
  std::uint64_t lines = 0;
  char last = '\n';
  for (;;) {
    const ssize_t received = ::pread(input_.descriptor(), buffer_.get(), kReadAhead, at);
    if (received <= 0) break;
    const std::string_view piece(buffer_.get(), static_cast<std::size_t>(received));
    lines += static_cast<std::uint64_t>(std::ranges::count(piece, '\n'));
    last = piece.back();
    at += received;
  }
  return last == '\n' ? lines : lines + 1;
}

// False if `stop` was set first.
bool LineInput::wait(const PollableFlag& stop) const {
  pollfd ready[] = {{input_.descriptor(), POLLIN, 0}, {stop.descriptor(), POLLIN, 0}};
  while (::poll(ready, 2, -1) < 0 && errno == EINTR) continue;
  return !stop.is_set();
}

std::optional<std::string> LineInput::next(const PollableFlag& stop) {
  std::string line;
  while (!stop.is_set()) {
    const std::size_t end = rest_.find('\n');
    line += rest_.substr(0, end);
    if (end != std::string_view::npos) {
      rest_.remove_prefix(end + 1);
      return line;
    }
    rest_ = {};
    if (ended_ || !wait(stop)) break;
    rest_ = {buffer_.get(), input_.read({buffer_.get(), kReadAhead})};
    if (!rest_.empty()) continue;
    ended_ = true;
    if (!line.empty()) return line;
    break;
  }
  return std::nullopt;
}

}  // namespace llmcache
