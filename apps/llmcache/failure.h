// How the program fails: one exception, caught in main, and the one place where exit codes come from.
#pragma once

#include <libcache/result.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace llmcache {

// llmcache(1), EXIT STATUS. Scripts rely on these numbers: they never change meaning.
enum class Exit : int {
  success = 0,
  no = 1,           // a miss, nothing to delete, keys differ
  usage = 2,        // usage or configuration
  bad_input = 3,    // not a request, an unreadable response
  unavailable = 4,  // a retry may help
  refused = 5,      // an operator must act; also: stdout could not be written
  damaged = 6,      // with --strict
  policy = 7,
  run_failed = 125,
  run_not_executable = 126,
  run_not_found = 127,
};

// The command cannot go on. `what()` is one line for people.
class Failure : public std::runtime_error {
 public:
  Failure(Exit exit, const std::string& message) : std::runtime_error(message), exit_(exit) {}
  // The exit code that an error of libcache stands for.
  explicit Failure(const libcache::Error& error);
  Exit exit() const { return exit_; }

 private:
  Exit exit_;
};

// The stable name of an exit code in JSON, and whether the same call may succeed later.
const char* kind_of(Exit exit);
bool retryable(Exit exit);

[[noreturn]] void usage_error(const std::string& message);

// A result's value, or its error as a Failure.
template <class T>
T checked(libcache::Result<T> result) {
  if (!result) throw Failure(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// The same for what the user wrote as an option: its error is one of usage.
template <class T>
T checked_option(libcache::Result<T> result) {
  if (!result) usage_error(result.error().message);
  return std::move(*result);
}

}  // namespace llmcache
