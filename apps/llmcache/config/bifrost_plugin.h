// The configuration files of a Bifrost gateway and of its Redis plugin, as settings of llmcache.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/settings.h"

namespace llmcache {

// Whether a file is one of them: none of llmcache's has `addr` or `ttl_seconds`.
bool is_gateway_config(const nlohmann::json& document);

// The same settings with llmcache's names and units, and with `compat` set to bifrost. A file with `ttl_seconds` is in
// the gateway's form, in which an absent cache_by_model or cache_by_provider is false; any other is in the plugin's.
// Members that neither form has stay as they are. Throws a Failure (usage), which begins with `where`, for a value that
// the gateway would not accept.
nlohmann::json from_gateway_config(const nlohmann::json& config, const std::string& where);

// Warnings for keys that are shared with a gateway: a prefix or session that its plugin treats as a pattern.
std::vector<std::string> gateway_cautions(const Settings& settings);

}  // namespace llmcache
