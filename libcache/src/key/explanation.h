// Parts of an explanation that all schemes use.
#pragma once

#include <libcache/key.h>

#include <string>

#include "text/json/document.h"

namespace libcache::internal {

// A value as it is shown: a scalar as the request spells it, a container as compact JSON.
std::string spelling(const JsonDocument& document, const JsonNode& node);

// The explanation of a value that is part of the key, written there as `in_key`.
Explanation explain_kept(std::string pointer, std::string value, std::string in_key);

// The explanation of a provider that the provider option set in place of `value`.
Explanation explain_provider(std::string pointer, std::string value, const KeyOptions& options);

}  // namespace libcache::internal
