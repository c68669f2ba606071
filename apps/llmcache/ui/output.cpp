#include "ui/output.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "failure.h"

namespace llmcache {

namespace {

constexpr std::size_t kBufferSize = 64 * 1024;

void write_stdout(std::string_view bytes) {
  if (write_all(STDOUT_FILENO, bytes)) return;
  if (errno == EPIPE) throw ClosedPipe();
  throw Failure(Exit::refused, fmt::format("stdout cannot be written: {}", std::strerror(errno)));
}

}  // namespace

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      // Another process has made the descriptor non-blocking.
      pollfd writable{descriptor, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

void Output::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() < kBufferSize) {
    buffer_ += bytes;
    return;
  }
  flush();
  write_stdout(bytes);
}

void Output::print(std::string_view text, std::optional<Style> style) {
  std::string shown = terminal_ ? escaped(text, true) : std::string(text);
  if (style && color_) shown = styled(shown, *style);
  write(shown);
}

void Output::line(std::string_view text, std::optional<Style> style) {
  print(text, style);
  write("\n");
}

std::string Output::name(std::string_view name) const {
  return terminal_ ? quoted_if_odd(name) : std::string(name);
}

void Output::flush() {
  // Dropped even if it cannot be written: a failure is reported once.
  const std::string pending = std::exchange(buffer_, {});
  write_stdout(pending);
}

}  // namespace llmcache
