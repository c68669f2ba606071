// The configuration file of a Bifrost gateway's Redis plugin, as one of ours.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace llmcache {

// Whether a file is one: none of ours has an `addr`.
bool is_plugin_config(const nlohmann::json& document);

// The same with our names and units: where the gateway keeps its cache is our store, `compat` is bifrost. Members that
// the plugin does not have stay as they are. Throws a Failure (usage), with `where` in front, for a value that the
// plugin would not take.
nlohmann::json from_plugin_config(const nlohmann::json& plugin, const std::string& where);

}  // namespace llmcache
