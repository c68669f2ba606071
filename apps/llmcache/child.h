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

// Starts `command` (found through PATH), writes `input` to its stdin, hands its stdout to `take` as it arrives, and
// waits for its end. stderr is inherited. SIGINT, SIGTERM and SIGHUP sent to this process go on to the child. If `take`
// returns false the child's stdout is closed, as it would be for any program whose reader has gone. `on_signal` is
// called when one has arrived. Throws a Failure (125, 126, 127) if it could not be started.
ChildResult run_child(
    const std::vector<std::string>& command, std::string_view input, const std::function<bool(std::string_view)>& take,
    const std::function<void()>& on_signal = [] {});

}  // namespace llmcache
