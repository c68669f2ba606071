// Finds and reads configuration files.
#pragma once

#include <libcache/time.h>

#include <filesystem>
#include <optional>
#include <vector>

#include "config/environment.h"
#include "config/settings.h"

namespace llmcache {

// The settings in the file at `path`, which may be the configuration of a Bifrost gateway's Redis plugin. Unknown keys
// cause a warning that names the most similar known one. nullopt if the file does not exist; throws a Failure (usage)
// if it cannot be read or is malformed.
std::optional<Layer> read_config_file(const std::filesystem::path& path, libcache::Deadline deadline, const Warn& warn);

// The files that are read by default: the project's .llmcache.json (the nearest one, searching upwards from the working
// directory; the search stops at a .git, at the home directory and at a directory of another owner), the user's file
// and the system's.
struct ConfigPaths {
  std::optional<std::filesystem::path> project;
  std::optional<std::filesystem::path> user;
  std::filesystem::path system;
};
ConfigPaths find_config_paths();

// The layers of these files, the strongest first. Settings that a project may not set are skipped with a warning,
// unless its directory is one of the user's trusted_dirs.
std::vector<Layer> config_layers(const ConfigPaths& paths, const Warn& warn);

// $XDG_CACHE_HOME/llmcache or ~/.cache/llmcache.
std::filesystem::path cache_directory();

// The text of `llmcache help config`.
std::string files_help();
// $XDG_STATE_HOME/llmcache or ~/.local/state/llmcache; nothing without a home directory.
std::optional<std::filesystem::path> state_directory();
// $XDG_RUNTIME_DIR/llmcache; empty without XDG_RUNTIME_DIR.
std::filesystem::path runtime_directory();

}  // namespace llmcache
