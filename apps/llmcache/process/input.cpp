#include "process/input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "failure.h"
#include "ui/output.h"

namespace llmcache {

void announce_reading() {
  if (!is_terminal(STDIN_FILENO) || !is_terminal(STDERR_FILENO)) return;
  write_all(STDERR_FILENO, "llmcache: reading from the terminal; end the input with Ctrl-D\n");
}

Input::Input(const std::string& path) : path_(path) {
  if (path != "-") {
    file_ = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file_.number() < 0) fail();
  } else {
    announce_reading();
  }
}

int Input::descriptor() const {
  return path_ == "-" ? STDIN_FILENO : file_.number();
}

std::size_t Input::read(std::span<char> buffer) const {
  for (;;) {
    const ssize_t received = ::read(descriptor(), buffer.data(), buffer.size());
    if (received >= 0) return static_cast<std::size_t>(received);
    if (errno != EINTR) fail();
  }
}

void Input::fail() const {
  throw Failure(Exit::bad_input, fmt::format("{}: {}", path_ == "-" ? "stdin" : path_, std::strerror(errno)));
}

void read_input(const std::string& path, const std::function<void(std::string_view)>& take) {
  const Input input(path);
  constexpr std::size_t kPiece = 64 * 1024;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kPiece);  // most requests touch few of its pages
  while (const std::size_t received = input.read({buffer.get(), kPiece})) {
    take(std::string_view(buffer.get(), received));
  }
}

std::string read_input(const std::string& path) {
  std::string bytes;
  read_input(path, [&](std::string_view piece) { bytes += piece; });
  return bytes;
}

}  // namespace llmcache
