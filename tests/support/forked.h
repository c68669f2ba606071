// A part of a test that runs in its own process, where it can be killed or drop its privileges.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace support {

// The process is killed when this object is destroyed.
class Forked {
 public:
  // Runs `work` in a child. `work` returns an error message, empty on success, and calls `progress` after each step.
  // Construct this while no other thread runs, and before opening files that the child opens.
  explicit Forked(const std::function<std::string(const std::function<void()>& progress)>& work);
  explicit Forked(const std::function<std::string()>& work);
  Forked(Forked&& other) noexcept;
  Forked& operator=(Forked&&) = delete;
  ~Forked();

  // Waits for the next step; false: the child has ended.
  bool wait_for_progress();
  // Waits until the child ends; returns its message, or how it ended if it did not return.
  std::string complaint();
  void kill();

 private:
  pid_t id_ = -1;
  int progress_ = -1;
  int complaint_ = -1;
};

}  // namespace support
