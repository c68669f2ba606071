#pragma once

#include <string>
#include <vector>

namespace llmcache {

// Whether a command is a curl that exits with 0 only if the HTTP status is 2xx: one with -f, --fail or --fail-with-body.
bool is_curl_that_fails_on_errors(const std::vector<std::string>& command);

}  // namespace llmcache
