// Replies made of lines "field:value", such as those to INFO and CLUSTER INFO.
#pragma once

#include <cstdint>
#include <string_view>

namespace libcache::internal::redis {

// A field's value, empty if it is not there. A view into `info`.
std::string_view field_of(std::string_view info, std::string_view name);

// The same as a number, 0 for what is none.
std::uint64_t number_of(std::string_view info, std::string_view name);

}  // namespace libcache::internal::redis
