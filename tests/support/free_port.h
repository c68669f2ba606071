// Loopback ports for servers that tests start.
#pragma once

#include <cstdint>

namespace support {

// A port below the range that the kernel gives to outgoing connections, free at the moment. Somebody else may take it
// first: who starts a server on it must look whether that worked.
std::uint16_t free_port();

}  // namespace support
