// Requests as JSON documents.
#pragma once

#include <libcache/result.h>

#include <string_view>

#include "text/json.h"

namespace libcache {

// Parses a request: one JSON object. Fails: invalid.
Status parse_request(std::string_view text, JsonDocument& request);

}  // namespace libcache
