#include "process/signals.h"

#include <fmt/format.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <cstring>

#include "failure.h"

namespace llmcache {

namespace {

bool is_ignored(int signal) {
  struct sigaction action{};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Signals::Signals() {
  sigemptyset(&caught_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    if (!is_ignored(signal)) sigaddset(&caught_, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &caught_, &before_);
  arrived_ = Descriptor(::signalfd(-1, &caught_, SFD_CLOEXEC | SFD_NONBLOCK));
  if (arrived_.number() >= 0) return;
  const int error = errno;
  release();
  throw Failure(Exit::run_failed, fmt::format("signalfd: {}", std::strerror(error)));
}

Signals::~Signals() {
  release();
}

void Signals::release() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<ArrivedSignal> Signals::next() const {
  signalfd_siginfo info{};
  if (::read(arrived_.number(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return ArrivedSignal{static_cast<int>(info.ssi_signo), info.ssi_code == SI_KERNEL};
}

bool Interruption::arrived() {
  if (!signal_) signal_ = signals_.next();
  return signal_.has_value();
}

void Interruption::pass_on() {
  if (!signal_) return;
  signals_.release();
  ::raise(signal_->number);
}

}  // namespace llmcache
