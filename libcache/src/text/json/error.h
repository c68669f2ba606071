// What to tell people about a text that is no JSON.
#pragma once

#include <string>
#include <string_view>

namespace libcache::internal {

// A member's name as messages show it: in quotes, short, and free of anything that a terminal would act on.
std::string quoted_name(std::string_view name);

// What is wrong with the bytes of a text and where, for one whose UTF-8 or strings are known to be broken: simdjson
// finds such texts in its first pass and does not keep the place.
std::string describe_broken_bytes(std::string_view text);

}  // namespace libcache::internal
