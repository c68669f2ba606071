// Percent-encoding (RFC 3986, section 2.1). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace libcache::internal {

// The decoded bytes of `text`; nullopt if a % is not followed by two hex digits.
std::optional<std::string> percent_decoded(std::string_view text);

// Escapes everything but the unreserved characters (letters, digits, - . _ ~).
std::string percent_encoded(std::string_view text);

}  // namespace libcache::internal
