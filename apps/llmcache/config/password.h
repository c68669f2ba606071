// Reads the password of the store from its source.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "config/settings.h"
#include "failure.h"

namespace llmcache {

// A password file or command failed. `run` runs COMMAND nevertheless.
class PasswordFailure : public Failure {
 public:
  using Failure::Failure;
};

// The password from the strongest source that was given: a flag's file or command, LLMCACHE_PASSWORD,
// LLMCACHE_PASSWORD_FILE, LLMCACHE_PASSWORD_COMMAND, then those of a configuration file. nullopt if no source was
// given. Runs the command without a shell. Throws a PasswordFailure: unavailable if the deadline passes, otherwise
// usage.
std::optional<std::string> read_password(const Settings& settings, std::span<const Resolved> resolved,
                                         libcache::Deadline deadline);

// The password that redis-cli would use; for when there is no other source.
std::optional<std::string> redis_cli_password();

}  // namespace llmcache
