// Configuration files: where they are, and what they say.
#pragma once

#include <libcache/time.h>

#include <filesystem>
#include <optional>
#include <vector>

#include "config/environment.h"
#include "config/settings.h"

namespace llmcache {

// What a file sets that the caller names; it may be the configuration of a Bifrost gateway's Redis plugin. Unknown keys
// cause a warning that names the nearest known one. Nothing if there is no such file; throws a Failure (usage) for one
// that cannot be read or is malformed.
std::optional<Layer> read_config_file(const std::filesystem::path& path, libcache::Deadline deadline, const Warn& warn);

// The files that are read otherwise: the project's .llmcache.json (the nearest one, searching upwards from the working
// directory; the search stops at a .git, at the home directory and at a directory of another owner), the user's file
// and the system's.
struct ConfigPaths {
  std::optional<std::filesystem::path> project;
  std::optional<std::filesystem::path> user;
  std::filesystem::path system;
};
ConfigPaths find_config_paths();

// The layers of these files, the strongest first. What a project may not set is left out with a warning, unless its
// directory is one of the user's trusted_dirs.
std::vector<Layer> config_layers(const ConfigPaths& paths, const Warn& warn);

// $XDG_CACHE_HOME/llmcache or ~/.cache/llmcache.
std::filesystem::path cache_directory();

}  // namespace llmcache
