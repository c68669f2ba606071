// Loopback ports for servers that tests start.
#pragma once

#include <cstdint>

namespace support {

// A port that is free now, below the range that the kernel uses for outgoing connections. Another process may take it
// first, so the caller must check whether its server has started.
std::uint16_t free_port();

}  // namespace support
