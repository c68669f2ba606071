// Messages about invalid JSON.
#pragma once

#include <string>
#include <string_view>

namespace libcache::internal {

// A name as messages show it: in quotes, shortened, and safe for a terminal.
std::string quoted_name(std::string_view name);

// The error and its offset in a text whose UTF-8 or strings are known to be broken. simdjson detects this in its first
// pass, without the offset.
std::string describe_broken_bytes(std::string_view text);

}  // namespace libcache::internal
