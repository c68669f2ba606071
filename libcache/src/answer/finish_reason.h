#pragma once

#include <string_view>

namespace libcache::internal {

// Whether this reason, in any letter case, means that the answer failed.
bool is_failure(std::string_view finish_reason);

}  // namespace libcache::internal
