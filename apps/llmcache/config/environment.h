// Settings from environment variables.
#pragma once

#include <functional>
#include <string>

#include "config/settings.h"

namespace llmcache {

// Receives a warning.
using Warn = std::function<void(const std::string&)>;

// The LLMCACHE_* variables of this process; one that is empty counts as unset. Warns of unknown ones, with the nearest
// known name.
Layer environment_layer(const Warn& warn);

}  // namespace llmcache
