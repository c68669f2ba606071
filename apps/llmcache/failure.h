// How the program fails: one exception, caught in main, and one table of exit codes.
#pragma once

#include <libcache/result.h>

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace llmcache {

// llmcache(1), EXIT STATUS. Scripts rely on these numbers: they never change meaning.
enum class Exit : int {
  success = 0,
  no = 1,
  usage = 2,
  bad_input = 3,
  unavailable = 4,
  refused = 5,
  damaged = 6,
  policy = 7,
  run_failed = 125,
  run_not_executable = 126,
  run_not_found = 127,
};

struct ExitRow {
  Exit exit;
  std::string_view kind;  // in JSON; it never changes either
  std::string_view meaning;
};

std::span<const ExitRow> exit_table();

// The command fails. `what()` is one line for people.
class Failure : public std::runtime_error {
 public:
  Failure(Exit exit, const std::string& message) : std::runtime_error(message), exit_(exit) {}
  // With the exit code for an error of libcache.
  explicit Failure(const libcache::Error& error);
  Exit exit() const { return exit_; }

 private:
  Exit exit_;
};

std::string_view kind_of(Exit exit);
// Whether the same call may succeed later.
bool retryable(Exit exit);

[[noreturn]] void usage_error(const std::string& message);

// A result's value, or its error as a Failure.
template <class T>
T checked(libcache::Result<T> result) {
  if (!result) throw Failure(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// The same for the value of an option: its error is one of usage.
template <class T>
T checked_option(libcache::Result<T> result) {
  if (!result) usage_error(result.error().message);
  return std::move(*result);
}

// The text of `llmcache help exit-codes`.
std::string exit_codes_help();

}  // namespace llmcache
