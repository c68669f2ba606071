// The signals that end programs, as something to poll.
#pragma once

#include <csignal>
#include <optional>

#include "process/descriptor.h"

namespace llmcache {

struct ArrivedSignal {
  int number = 0;
  bool from_terminal = false;  // which has sent it to the children too
};

// During its lifetime SIGINT, SIGTERM, SIGHUP and SIGQUIT arrive here instead of ending the program, except those that the
// program was started to ignore (by nohup, for example). This holds for the calling thread and the threads that it starts.
class Signals {
 public:
  Signals();  // throws a Failure (125)
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  // Readable when one has arrived.
  int descriptor() const { return arrived_.number(); }
  std::optional<ArrivedSignal> next() const;
  // From now on they end the program again.
  void release();
  // The signals that were blocked before: the mask of new processes.
  const sigset_t& before() const { return before_; }

 private:
  sigset_t caught_{};
  sigset_t before_{};
  Descriptor arrived_;
};

// For long work whose steps must be finished: a signal that would end the program ends the work between two steps.
class Interruption {
 public:
  bool arrived();
  // Ends the program as the signal would have, if one has arrived.
  void pass_on();

 private:
  Signals signals_;
  std::optional<ArrivedSignal> signal_;
};

}  // namespace llmcache
