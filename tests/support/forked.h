// A part of a test that runs in a process of its own, where it may be killed, or give up its rights for good.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace support {

// Killed, if it still runs, when this is destroyed.
class Forked {
 public:
  // Runs `work` in a child. What it returns is its complaint, empty if all is well; `progress` tells the parent that
  // another step is done. Start it while no other thread runs and no file is open that the child is to open.
  explicit Forked(const std::function<std::string(const std::function<void()>& progress)>& work);
  explicit Forked(const std::function<std::string()>& work);
  Forked(Forked&& other) noexcept;
  Forked& operator=(Forked&&) = delete;
  ~Forked();

  // Waits for the next step; false: it has ended instead.
  bool wait_for_progress();
  // Waits for its end and gives its complaint, or says how it ended otherwise.
  std::string complaint();
  void kill();

 private:
  pid_t id_ = -1;
  int progress_ = -1;
  int complaint_ = -1;
};

}  // namespace support
