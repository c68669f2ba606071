// Reads replies that consist of lines "field:value", such as those to INFO and CLUSTER INFO.
#pragma once

#include <cstdint>
#include <string_view>

namespace libcache::internal::redis {

// The value of a field, a view into `info`. Empty if there is no such field.
std::string_view field_of(std::string_view info, std::string_view name);

// The value of a field as a number, or 0 if it is not a number.
std::uint64_t number_of(std::string_view info, std::string_view name);

}  // namespace libcache::internal::redis
