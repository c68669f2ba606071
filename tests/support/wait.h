// Waiting for what servers do by themselves.
#pragma once

#include <functional>
#include <string>

namespace support {

// Calls `condition` until it holds. Throws std::runtime_error, naming what was waited for, when that takes a minute.
void wait_for(const std::string& what, const std::function<bool()>& condition);

}  // namespace support
