#include "process/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "failure.h"
#include "process/descriptor.h"
#include "process/poll_timeout.h"

extern "C" {  // missing in the header of glibc 2.36
#include <sys/pidfd.h>
}

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace llmcache {

namespace {

struct Pipe {
  Descriptor read;
  Descriptor write;
};

[[noreturn]] void own_failure(const char* what) {
  throw Failure(Exit::run_failed, fmt::format("{}: {}", what, std::strerror(errno)));
}

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) own_failure("pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// Passes the signals that have arrived on to a child, named by its pidfd, if it is still running.
void forward(const Signals& signals, int child) {
  while (const auto signal = signals.next()) {
    if (child >= 0 && !signal->from_terminal) ::pidfd_send_signal(child, signal->number, nullptr, 0);
  }
}

// The environment without the password of the store, and with one variable ("NAME=value") more or changed.
std::vector<char*> child_environment(const std::string& changed) {
  const std::string_view changed_name = std::string_view(changed).substr(0, changed.find('=') + 1);
  std::vector<char*> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    const bool is_changed = !changed.empty() && variable.starts_with(changed_name);
    if (!is_changed && !variable.starts_with("LLMCACHE_PASSWORD=")) variables.push_back(*entry);
  }
  if (!changed.empty()) variables.push_back(const_cast<char*>(changed.c_str()));
  variables.push_back(nullptr);
  return variables;
}

pid_t spawn(const std::vector<std::string>& command, const std::string& variable, const Pipe& input, const Pipe& output,
            const Signals& signals) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.read.number(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.write.number(), STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setsigmask(&attributes, &signals.before());
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const std::vector<char*> environment = child_environment(variable);
  pid_t child = -1;
  const int error = ::posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    const Exit exit = error == ENOENT ? Exit::run_not_found
                      : error == EACCES || error == ENOEXEC || error == EISDIR || error == ENOTDIR
                          ? Exit::run_not_executable
                          : Exit::run_failed;
    throw Failure(exit, fmt::format("{}: {}", command[0], std::strerror(error)));
  }
  return child;
}

// Writes as much as the child accepts now; closes its stdin at the end, or when it no longer reads.
void feed(Descriptor& to, std::string_view& input) {
  const ssize_t written = ::write(to.number(), input.data(), input.size());
  if (written >= 0) {
    input.remove_prefix(static_cast<std::size_t>(written));
  } else if (errno != EAGAIN && errno != EINTR) {
    input = {};
  }
  if (input.empty()) to.close();
}

// Reads what has arrived. Closes the descriptor at the end of the output, or if `on_output` returns false.
void drain(Descriptor& from, std::span<char> buffer, const std::function<bool(std::string_view)>& on_output) {
  const ssize_t received = ::read(from.number(), buffer.data(), buffer.size());
  if (received < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (received <= 0 || !on_output(std::string_view(buffer.data(), static_cast<std::size_t>(received)))) from.close();
}

}  // namespace

ReservedDescriptors::ReservedDescriptors() {
  constexpr int kNeeded = 6;  // two pipes, the signals and the child itself
  for (int i = 0; i < kNeeded; ++i) reserved_.emplace_back(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
}

ChildResult run_child(const std::vector<std::string>& command, std::string_view input, const ChildEvents& events) {
  std::optional<Signals> own;
  if (events.group == nullptr) own.emplace();
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  const pid_t child = spawn(command, events.variable, in, out, own ? *own : events.group->signals());
  Descriptor alive(::pidfd_open(child, 0));
  if (alive.number() < 0) own_failure("pidfd_open");
  std::optional<ChildGroup::Member> member;
  if (events.group != nullptr) member.emplace(*events.group, alive.number());
  in.read.close();
  out.write.close();
  ::fcntl(in.write.number(), F_SETFL, O_NONBLOCK);
  feed(in.write, input);
  events.on_start();

  ChildResult result;
  int signals = own ? own->descriptor() : events.group->signalled().descriptor();
  constexpr std::size_t kPiece = 64 * 1024;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kPiece);
  // A child may close its stdout long before it ends, and its own children may hold it open after it has ended.
  while (alive.number() >= 0 || out.read.number() >= 0) {
    pollfd ready[] = {{out.read.number(), POLLIN, 0},
                      {in.write.number(), POLLOUT, 0},
                      {signals, POLLIN, 0},
                      {alive.number(), POLLIN, 0}};
    const int count = ::poll(ready, 4, result.timed_out ? -1 : poll_timeout(events.deadline));
    if (count < 0 && errno != EINTR) own_failure("poll");
    if (count == 0 && events.deadline.expired()) {
      result.timed_out = true;
      ::pidfd_send_signal(alive.number(), SIGKILL, nullptr, 0);
      out.read.close();  // its own children may hold it open
    }
    if (ready[0].revents != 0) drain(out.read, {buffer.get(), kPiece}, events.on_output);
    if (ready[1].revents != 0) feed(in.write, input);
    if (ready[2].revents != 0) {
      result.signalled = true;
      if (own) forward(*own, alive.number());
      if (!own) signals = -1;  // it stays readable
      events.on_signal();
      if (alive.number() < 0) out.read.close();
    }
    if (ready[3].revents != 0) {
      int status = 0;
      ::waitpid(child, &status, 0);
      member.reset();
      alive.close();
      in.write.close();
      // What it wrote itself has been read: a pipe holds no more than one piece.
      if (result.signalled || (!own && events.group->signalled().is_set())) out.read.close();
      result.signalled |= WIFSIGNALED(status);
      result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
  }
  return result;
}

}  // namespace llmcache
