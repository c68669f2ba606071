#include "support/forked.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

namespace support {
namespace {

// The read end and the write end.
std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  return ends;
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto written = write(descriptor, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string result_of(const std::function<std::string(const std::function<void()>&)>& work, int progress) {
  try {
    return work([progress] { write_all(progress, "."); });
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

Forked::Forked(const std::function<std::string(const std::function<void()>&)>& work) {
  const auto [progress_out, progress_in] = make_pipe();
  const auto [complaint_out, complaint_in] = make_pipe();
  id_ = fork();
  if (id_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (id_ == 0) {
    write_all(complaint_in, result_of(work, progress_in));
    _exit(0);
  }
  close(progress_in);
  close(complaint_in);
  progress_ = progress_out;
  complaint_ = complaint_out;
}

Forked::Forked(const std::function<std::string()>& work)
    : Forked([&](const std::function<void()>&) { return work(); }) {}

Forked::Forked(Forked&& other) noexcept
    : id_(std::exchange(other.id_, -1)),
      progress_(std::exchange(other.progress_, -1)),
      complaint_(std::exchange(other.complaint_, -1)) {}

Forked::~Forked() {
  kill();
  if (progress_ >= 0) close(progress_);
  if (complaint_ >= 0) close(complaint_);
}

bool Forked::wait_for_progress() {
  char step = 0;
  return read(progress_, &step, 1) == 1;
}

std::string Forked::complaint() {
  std::string text;
  char buffer[4096];
  for (ssize_t count = 0; (count = read(complaint_, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  int status = 0;
  waitpid(std::exchange(id_, -1), &status, 0);
  if (WIFSIGNALED(status)) text += " (killed by signal " + std::to_string(WTERMSIG(status)) + ")";
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) text += " (exit " + std::to_string(WEXITSTATUS(status)) + ")";
  return text;
}

void Forked::kill() {
  if (id_ < 0) return;
  ::kill(id_, SIGKILL);
  waitpid(std::exchange(id_, -1), nullptr, 0);
}

}  // namespace support
