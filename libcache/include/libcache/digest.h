// The proof that an entry answers a request.
#pragma once

#include <libcache/export.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace libcache LIBCACHE_EXPORT {

/// A SHA-256 (FIPS 180-4).
using Digest = std::array<std::uint8_t, 32>;

/// Thread-safe; does not fail.
Digest sha256(std::string_view bytes);

}  // namespace libcache LIBCACHE_EXPORT
