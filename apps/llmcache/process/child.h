// A child process between two pipes: its stdin is fed, its stdout is read as it comes, its signals are ours.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace llmcache {

struct ChildResult {
  int exit_code = 0;       // as a shell would report it: 128+n for signal n
  bool signalled = false;  // a signal ended it, or was sent to us while it ran
};

// What the caller does while a child runs.
struct ChildEvents {
  std::function<void()> on_start = [] {};  // it has started, and nothing can have come from it yet
  // What has arrived from its stdout. False: no more is wanted, and its stdout is closed, as it would be for any
  // program whose reader has gone.
  std::function<bool(std::string_view)> on_output;
  std::function<void()> on_signal = [] {};  // one has arrived, and went on to the child
};

// Starts `command` (found through PATH), writes `input` to its stdin, and waits for its end. stderr is inherited.
// SIGINT, SIGTERM, SIGHUP and SIGQUIT sent to this process go on to the child. Throws a Failure (125, 126, 127) if it
// could not be started.
ChildResult run_child(const std::vector<std::string>& command, std::string_view input, const ChildEvents& events);

}  // namespace llmcache
