// Configuration files: where they are looked for, and what they say.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"

namespace llmcache {

using Warn = std::function<void(const std::string&)>;

// What one file sets; it may be the configuration of a Bifrost gateway's Redis plugin. A missing file sets nothing; an
// unreadable or malformed one is a Failure (usage). Unknown keys are reported with the nearest known one.
std::optional<Layer> read_config_file(const std::filesystem::path& path, const Warn& warn);

// The files that are read, strongest first: the project's .llmcache.json (nearest upwards from the working directory,
// not beyond a directory with a .git, the home directory, or one of another owner), the user's, the system's.
struct ConfigPaths {
  std::optional<std::filesystem::path> project;
  std::optional<std::filesystem::path> user;
  std::filesystem::path system;
};
ConfigPaths find_config_paths();

// The layers of these files. What a project's file may not set is left out with a warning, unless its directory is one
// of the user's trusted_dirs.
std::vector<Layer> config_layers(const ConfigPaths& paths, const Warn& warn);

// $XDG_CACHE_HOME/llmcache or ~/.cache/llmcache.
std::filesystem::path cache_directory();

}  // namespace llmcache
