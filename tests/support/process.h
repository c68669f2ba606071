// Starts programs that never outlive the test.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace support {

// A child process. It is killed when this is destroyed, and by the kernel when the thread that started it ends.
class Process {
 public:
  // Starts `command` (searched in PATH) and writes its output to the file `log`. Throws std::system_error.
  Process(const std::vector<std::string>& command, const std::filesystem::path& log);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  bool is_running();
  void send_signal(int signal);
  // Waits for its end. Its exit code, or -1 if it was killed by a signal.
  int wait();
  // Sends SIGKILL and waits for the end.
  void kill();
  pid_t id() const { return id_; }

 private:
  pid_t id_ = -1;
};

// Runs `command` to its end. If it fails, throws std::runtime_error with its output.
void run_program(const std::vector<std::string>& command);

}  // namespace support
