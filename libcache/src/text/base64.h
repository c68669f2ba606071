// Base64 (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace libcache::internal {

std::string to_base64(std::string_view bytes);
// Nothing if `text` is not base64, with its padding and without line breaks.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace libcache::internal
