#include "process/input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "failure.h"
#include "process/descriptor.h"
#include "ui/output.h"

namespace llmcache {

void read_input(const std::string& path, const std::function<void(std::string_view)>& take) {
  const bool is_stdin = path == "-";
  const Descriptor file(is_stdin ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const int descriptor = is_stdin ? STDIN_FILENO : file.number();
  if (is_stdin && is_terminal(STDIN_FILENO) && is_terminal(STDERR_FILENO)) {
    write_all(STDERR_FILENO, "llmcache: reading from the terminal; end the input with Ctrl-D\n");
  }
  constexpr std::size_t kPiece = 64 * 1024;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kPiece);  // most requests touch few of its pages
  while (true) {
    const ssize_t received = descriptor < 0 ? -1 : ::read(descriptor, buffer.get(), kPiece);
    if (received == 0) return;
    if (received > 0) {
      take(std::string_view(buffer.get(), static_cast<std::size_t>(received)));
    } else if (errno != EINTR) {
      throw Failure(Exit::bad_input, fmt::format("{}: {}", is_stdin ? "stdin" : path, std::strerror(errno)));
    }
  }
}

std::string read_input(const std::string& path) {
  std::string bytes;
  read_input(path, [&](std::string_view piece) { bytes += piece; });
  return bytes;
}

}  // namespace llmcache
