// A child process between two pipes: its stdin is written, its stdout is read, and signals are passed on to it.
#pragma once

#include <libcache/time.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "process/child_group.h"
#include "process/descriptor.h"

namespace llmcache {

struct ChildResult {
  int exit_code = 0;       // as a shell would report it: 128+n for signal n
  bool signalled = false;  // a signal ended it, or was sent to us while it ran
  bool timed_out = false;  // it was killed at the deadline
};

// The caller's functions that are called while a child runs.
struct ChildEvents {
  std::function<void()> on_start = [] {};  // it has started, and nothing has been read from it yet
  // Receives its output. False: its stdout is closed, as for any program whose reader has gone.
  std::function<bool(std::string_view)> on_output;
  std::function<void()> on_signal = [] {};                    // a signal has arrived and was passed on to the child
  libcache::Deadline deadline = libcache::Deadline::never();  // when the child is killed
  std::string variable = {};                                  // "NAME=value": one more in the environment of the child
  // The children that run at the same time, if there are others: its owner passes the signals on.
  ChildGroup* group = nullptr;
};

// Keeps free as many file descriptors as run_child() needs, so that a store that opens files first cannot take them. To be destroyed
// right before run_child().
class ReservedDescriptors {
 public:
  ReservedDescriptors();

 private:
  std::vector<Descriptor> reserved_;
};

// Starts `command` (found through PATH), writes `input` to its stdin, and waits until it ends. It inherits stderr, and
// the environment without LLMCACHE_PASSWORD. Signals sent to this process (signals.h) are passed on to the child. Throws a Failure (125, 126, 127) if it could not be started.
ChildResult run_child(const std::vector<std::string>& command, std::string_view input, const ChildEvents& events);

}  // namespace llmcache
