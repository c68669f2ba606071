// What every scheme's explanation of a request is made of.
#pragma once

#include <libcache/key.h>

#include <string>

#include "text/json/document.h"

namespace libcache::internal {

// A value for people: a scalar as the request spells it, a container as compact JSON.
std::string spelling(const JsonDocument& document, const JsonNode& node);

// What became of a value that is in the key as the text `in_key`.
Explanation explain_kept(std::string pointer, std::string value, std::string in_key);

// That the provider option set the provider, where `value` stood.
Explanation explain_provider(std::string pointer, std::string value, const KeyOptions& options);

}  // namespace libcache::internal
