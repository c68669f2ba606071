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
      // Somebody else made the descriptor non-blocking.
      pollfd writable{descriptor, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

std::string Output::in(Style style, std::string_view text) const {
  return color_ ? styled(text, style) : std::string(text);
}

void Output::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() < kBufferSize) {
    buffer_ += bytes;
    return;
  }
  flush();
  write_stdout(bytes);
}

void Output::content(std::string_view bytes) {
  terminal_ ? write(escaped(bytes, true)) : write(bytes);
}

std::string Output::name(std::string_view name) const {
  return terminal_ ? quoted_if_odd(name) : std::string(name);
}

void Output::line(std::string_view text) {
  write(text);
  write("\n");
}

void Output::flush() {
  // Gone even if it cannot be written: a failure is reported once.
  const std::string pending = std::exchange(buffer_, {});
  write_stdout(pending);
}

}  // namespace llmcache
