#include "config/files.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "config/bifrost_plugin.h"
#include "failure.h"

namespace llmcache {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

std::optional<fs::path> home_directory() {
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') return fs::path(home);
  const passwd* user = ::getpwuid(::getuid());
  if (user == nullptr || user->pw_dir == nullptr || *user->pw_dir != '/') return std::nullopt;
  return fs::path(user->pw_dir);
}

// An XDG base directory. A relative path in the variable is to be ignored (XDG Base Directory Specification).
std::optional<fs::path> xdg_directory(const char* variable, const char* below_home) {
  if (const char* value = std::getenv(variable); value != nullptr && *value == '/') return fs::path(value);
  if (const auto home = home_directory()) return *home / below_home;
  return std::nullopt;
}

bool owned_by_another(const fs::path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) != 0 || (status.st_uid != ::getuid() && status.st_uid != 0);
}

std::optional<fs::path> find_project_file() {
  std::error_code error;
  fs::path directory = fs::current_path(error);
  if (error) return std::nullopt;
  const auto home = home_directory();
  while (directory != home && !owned_by_another(directory)) {
    if (fs::path file = directory / ".llmcache.json"; fs::exists(file, error)) {
      return owned_by_another(file) ? std::nullopt : std::optional(file);
    }
    if (fs::exists(directory / ".git", error) || directory == directory.root_path()) break;
    directory = directory.parent_path();
  }
  return std::nullopt;
}

std::string text_of(const json& value, const std::string& where) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number()) return value.dump();
  usage_error(where + ": expected a string, a number or a boolean");
}

std::vector<std::string> texts_of(const json& value, const Setting& setting, const std::string& where) {
  if (!setting.list || !value.is_array()) return {text_of(value, where)};
  std::vector<std::string> texts;
  for (const json& element : value) texts.push_back(text_of(element, where));
  return texts;
}

void warn_unknown(const std::string& key, const fs::path& path, const Warn& warn) {
  std::vector<std::string> known;
  for (const Setting& setting : setting_table()) known.emplace_back(setting.name);
  const std::string near = nearest(key, known);
  warn(fmt::format("{}: unknown key '{}'{}", path.string(), key, near.empty() ? "" : "; did you mean '" + near + "'?"));
}

void warn_misplaced(const Setting& setting, const fs::path& path, const Warn& warn) {
  const auto* instead = setting.name == "password" ? ": use password_file or password_command" : "";
  warn(fmt::format("{}: '{}' cannot stand in a file{}", path.string(), setting.name, instead));
}

std::vector<std::string> trusted_directories(const std::vector<Layer>& layers) {
  const Setting* trusted = find_setting("trusted_dirs");
  std::vector<std::string> directories;
  for (const Layer& layer : layers) {
    for (const Layer::Value& value : layer.values) {
      if (value.setting == trusted) directories.insert(directories.end(), value.texts.begin(), value.texts.end());
    }
  }
  return directories;
}

bool is_trusted(const fs::path& directory, const std::vector<std::string>& trusted) {
  std::error_code error;
  return std::ranges::any_of(trusted, [&](const std::string& entry) {
    return fs::weakly_canonical(entry, error) == fs::weakly_canonical(directory, error);
  });
}

// Leaves out of a project's layer what only the user may say.
void restrict(Layer& layer, bool trusted, const Warn& warn) {
  std::erase_if(layer.values, [&](const Layer::Value& value) {
    const Scope scope = value.setting->scope;
    const bool allowed = scope == Scope::anywhere || (scope == Scope::trusted && trusted);
    if (!allowed) {
      warn(fmt::format("{}: '{}' is ignored: a project may set it only from a directory in your trusted_dirs",
                       layer.origin, value.setting->name));
    }
    return !allowed;
  });
}

}  // namespace

std::optional<Layer> read_config_file(const fs::path& path, const Warn& warn) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path, error)) usage_error(path.string() + ": cannot be read");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  json document;
  try {
    document = json::parse(text, nullptr, true, true);
  } catch (const json::parse_error& failure) {
    const auto before = std::string_view(text).substr(0, std::min(failure.byte, text.size()));
    usage_error(fmt::format("{}:{}: not JSON", path.string(), 1 + std::ranges::count(before, '\n')));
  }
  if (!document.is_object()) usage_error(path.string() + ": expected a JSON object");
  const bool is_gateways = is_gateway_config(document);
  if (is_gateways) document = from_gateway_config(document, path.string());
  Layer layer{path.string(), {}};
  for (const auto& [key, value] : document.items()) {
    const Setting* setting = find_setting(key);
    const bool allowed = is_gateways && key == "password";  // the gateway has no other place for it
    if (setting == nullptr) {
      warn_unknown(key, path, warn);
    } else if (setting->scope == Scope::caller_only && !allowed) {
      warn_misplaced(*setting, path, warn);
    } else {
      layer.values.push_back({setting, texts_of(value, *setting, path.string() + ": " + key)});
    }
  }
  return layer;
}

ConfigPaths find_config_paths() {
  ConfigPaths paths{find_project_file(), std::nullopt, "/etc/llmcache/config.json"};
  if (const auto directory = xdg_directory("XDG_CONFIG_HOME", ".config")) {
    paths.user = *directory / "llmcache" / "config.json";
  }
  return paths;
}

std::vector<Layer> config_layers(const ConfigPaths& paths, const Warn& warn) {
  std::vector<Layer> layers;
  if (paths.user) {
    if (auto layer = read_config_file(*paths.user, warn)) layers.push_back(std::move(*layer));
  }
  if (auto layer = read_config_file(paths.system, warn)) layers.push_back(std::move(*layer));
  if (paths.project) {
    if (auto layer = read_config_file(*paths.project, warn)) {
      restrict(*layer, is_trusted(paths.project->parent_path(), trusted_directories(layers)), warn);
      layers.insert(layers.begin(), std::move(*layer));
    }
  }
  return layers;
}

fs::path cache_directory() {
  const auto directory = xdg_directory("XDG_CACHE_HOME", ".cache");
  if (!directory)
    usage_error("neither XDG_CACHE_HOME nor HOME says where the cache may live: give --store sqlite:PATH");
  return *directory / "llmcache";
}

}  // namespace llmcache
