// Base64 (RFC 4648) as Go reads and writes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace libcache::internal {

// The canonical encoding of the bytes that `text` encodes: no line breaks, unused bits zero. nullopt if `text` is not
// base64.
std::optional<std::string> normal_base64(std::string_view text);

}  // namespace libcache::internal
