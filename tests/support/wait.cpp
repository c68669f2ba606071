#include "support/wait.h"

#include <chrono>
#include <stdexcept>
#include <thread>

namespace support {

using namespace std::chrono_literals;

void wait_for(const std::string& what, const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) throw std::runtime_error("timed out waiting for " + what);
    std::this_thread::sleep_for(10ms);
  }
}

}  // namespace support
