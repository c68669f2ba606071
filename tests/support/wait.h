// Waits for changes by other processes.
#pragma once

#include <functional>
#include <string>

namespace support {

// Calls `condition` until it returns true. After a minute it throws std::runtime_error with `what` in its message.
void wait_for(const std::string& what, const std::function<bool()>& condition);

}  // namespace support
