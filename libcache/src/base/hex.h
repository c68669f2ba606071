// Bytes as lower-case hex digits.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace libcache::internal {

std::string to_hex(std::span<const std::uint8_t> bytes);

}  // namespace libcache::internal
