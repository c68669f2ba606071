// A program that a test starts and that never outlives it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace support {

// A child process. Killed when this is destroyed, and by the kernel when the thread that started it ends, however that
// ends.
class Process {
 public:
  // Starts `command` (found in PATH) with its output going to the file `log`. Throws std::system_error.
  Process(const std::vector<std::string>& command, const std::filesystem::path& log);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  bool is_running();
  void send_signal(int signal);
  // Waits for its end: its exit code, or -1.
  int wait();
  // SIGKILL, and waits until it is gone.
  void kill();
  pid_t id() const { return id_; }

 private:
  pid_t id_ = -1;
};

// Runs `command` to its end. Throws std::runtime_error, with what it printed, unless it succeeds.
void run_program(const std::vector<std::string>& command);

}  // namespace support
