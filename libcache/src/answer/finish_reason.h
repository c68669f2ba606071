#pragma once

#include <string_view>

namespace libcache::internal {

// Whether an answer that ended for this reason failed, whatever the letter case.
bool is_failure(std::string_view finish_reason);

}  // namespace libcache::internal
