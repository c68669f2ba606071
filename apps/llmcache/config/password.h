// The store's password, wherever it is kept.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "config/settings.h"

namespace llmcache {

// The password of the strongest source that was given: a flag's file or command, LLMCACHE_PASSWORD,
// LLMCACHE_PASSWORD_FILE, LLMCACHE_PASSWORD_COMMAND, then what a configuration file names. Nothing where none was. Runs
// the command, without a shell and for as long as it takes: a person may have to answer it. Throws a Failure (usage).
std::optional<std::string> read_password(const Settings& settings, std::span<const Resolved> resolved);

// What redis-cli would use where nothing else says more.
std::optional<std::string> redis_cli_password();

}  // namespace llmcache
