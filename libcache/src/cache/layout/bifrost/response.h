// What the plugin can decode of a stored value.
#pragma once

#include <libcache/result.h>

#include <string_view>

namespace libcache::internal::bifrost {

// Fails (policy) for a response or chunk that the plugin could not decode, and so could not serve: a member that it
// knows is of the wrong type.
Status check_decodable(std::string_view json);

}  // namespace libcache::internal::bifrost
