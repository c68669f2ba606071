#include "config/files.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "config/bifrost_plugin.h"
#include "failure.h"
#include "process/file.h"

namespace llmcache {

namespace fs = std::filesystem;

namespace {

std::optional<fs::path> home_directory() {
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') return fs::path(home);
  const passwd* user = ::getpwuid(::getuid());
  if (user == nullptr || user->pw_dir == nullptr || *user->pw_dir != '/') return std::nullopt;
  return fs::path(user->pw_dir);
}

// An XDG base directory. A relative path in the variable must be ignored (XDG Base Directory Specification).
std::optional<fs::path> xdg_directory(const char* variable, const char* below_home) {
  if (const char* value = std::getenv(variable); value != nullptr && *value == '/') return fs::path(value);
  if (const auto home = home_directory()) return *home / below_home;
  return std::nullopt;
}

bool is_own(const fs::path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && status.st_uid == ::getuid();
}

std::optional<fs::path> find_project_file() {
  std::error_code error;
  fs::path directory = fs::current_path(error);
  if (error) return std::nullopt;
  const auto home = home_directory();
  while (directory != home && is_own(directory)) {
    const fs::path file = directory / ".llmcache.json";
    if (fs::exists(fs::symlink_status(file, error))) return file;
    if (fs::exists(directory / ".git", error) || directory == directory.root_path()) break;
    directory = directory.parent_path();
  }
  return std::nullopt;
}

[[noreturn]] void throw_parse_error(std::string_view text, std::size_t byte, const fs::path& path) {
  const bool at_end = byte > text.size();
  const std::string_view before = text.substr(0, at_end ? text.size() : byte - 1);
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto column = before.size() - (before.rfind('\n') + 1) + 1;
  const std::string problem = at_end ? "unexpected end" : fmt::format("unexpected '{}'", text[byte - 1]);
  usage_error(fmt::format("{}:{}:{}: invalid JSON: {}", path.string(), line, column, problem));
}

// Comments are allowed. The depth is limited, because nlohmann's parser has no limit.
nlohmann::json parse_document(const std::string& text, const fs::path& path) {
  constexpr int kDeepest = 32;
  const auto check_depth = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > kDeepest) usage_error(fmt::format("{}: more than {} levels deep", path.string(), kDeepest));
    return true;
  };
  try {
    nlohmann::json document = nlohmann::json::parse(text, check_depth, true, true);
    if (!document.is_object()) usage_error(path.string() + ": is not a JSON object");
    return document;
  } catch (const nlohmann::json::parse_error& error) {
    throw_parse_error(text, error.byte, path);
  } catch (const nlohmann::json::exception&) {
    usage_error(path.string() + ": holds a number that is out of range");
  }
}

std::string text_of_value(const nlohmann::json& value, const std::string& where) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number()) return value.dump();
  usage_error(where + ": expected a string, a number or a boolean");
}

// A relative path in a file is relative to that file.
std::string relative_to_file(std::string text, ValueKind kind, const fs::path& file) {
  std::size_t begin = 0;
  if (kind == ValueKind::store_urls) {
    constexpr std::string_view kLocal[] = {"sqlite:", "dir:"};
    const auto scheme = std::ranges::find_if(kLocal, [&](std::string_view name) { return text.starts_with(name); });
    if (scheme == std::end(kLocal)) return text;
    begin = scheme->size();
  } else if (kind != ValueKind::path) {
    return text;
  }
  const bool is_relative = begin < text.size() && text[begin] != '/' && text[begin] != '?' &&
                           !std::string_view(text).substr(begin).starts_with("~/");
  if (is_relative) text.insert(begin, fs::weakly_canonical(fs::absolute(file).parent_path()) / "");
  return text;
}

std::vector<std::string> texts_of(const nlohmann::json& value, const Setting& setting, const fs::path& file) {
  const std::string where = fmt::format("{}: {}", file.string(), setting.name);
  const nlohmann::json elements = setting.is_list() && value.is_array() ? value : nlohmann::json::array({value});
  std::vector<std::string> texts;
  for (const nlohmann::json& element : elements) {
    texts.push_back(relative_to_file(text_of_value(element, where), setting.field.kind, file));
  }
  return texts;
}

void warn_unknown(const std::string& key, const fs::path& path, const Warn& warn) {
  std::vector<std::string> known;
  for (const Setting& setting : setting_table()) known.emplace_back(setting.name);
  const std::string near = nearest(key, known);
  warn(fmt::format("{}: unknown key '{}'{}", path.string(), shortened(key),
                   near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

void warn_misplaced(const Setting& setting, const fs::path& path, const Warn& warn) {
  const auto* instead = setting.name == "password" ? ": use password_file or password_command" : "";
  warn(fmt::format("{}: '{}' cannot be set in a configuration file{}", path.string(), setting.name, instead));
}

std::optional<Layer> read_layer(const fs::path& path, const FileRules& rules, const Warn& warn) {
  const auto text = read_small_file(path, rules);
  if (!text) return std::nullopt;
  nlohmann::json document = parse_document(*text, path);
  const bool is_gateways = is_gateway_config(document);
  if (is_gateways) document = from_gateway_config(document, path.string());
  Layer layer{path.string(), {}};
  for (const auto& [key, value] : document.items()) {
    const Setting* setting = find_setting(key);
    const bool allowed = is_gateways && key == "password";  // the gateway reads it only from there
    if (setting == nullptr) {
      warn_unknown(key, path, warn);
    } else if (setting->scope == Scope::caller_only && !allowed) {
      warn_misplaced(*setting, path, warn);
    } else if (auto texts = texts_of(value, *setting, path); !texts.empty()) {
      layer.values.push_back({setting, std::move(texts)});
    }
  }
  return layer;
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

// Removes the settings that only the user may set from a project's layer.
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

std::optional<Layer> read_config_file(const fs::path& path, libcache::Deadline deadline, const Warn& warn) {
  return read_layer(path, {.deadline = deadline}, warn);
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
    if (auto layer = read_layer(*paths.user, {.must_be_regular = true}, warn)) layers.push_back(std::move(*layer));
  }
  if (auto layer = read_layer(paths.system, {.must_be_regular = true}, warn)) layers.push_back(std::move(*layer));
  if (paths.project) {
    if (auto layer = read_layer(*paths.project, {.must_be_regular = true, .must_be_own = true}, warn)) {
      restrict(*layer, is_trusted(paths.project->parent_path(), trusted_directories(layers)), warn);
      layers.insert(layers.begin(), std::move(*layer));
    }
  }
  return layers;
}

fs::path cache_directory() {
  const auto directory = xdg_directory("XDG_CACHE_HOME", ".cache");
  if (!directory)
    usage_error("there is no cache directory, since neither XDG_CACHE_HOME nor HOME is set: give --store sqlite:PATH");
  return *directory / "llmcache";
}

std::string files_help() {
  return R"(Settings are read in this order, and the first source that has a value wins: flags, LLMCACHE_*
variables, the project's .llmcache.json (the nearest one, searching upwards until a .git, the home
directory or a directory of another owner), $XDG_CONFIG_HOME/llmcache/config.json,
/etc/llmcache/config.json. --config FILE replaces these three files.

A file is a JSON object with comments: { "ttl": "1h", "ignore": ["/metadata"] }. A project's file
may not set the store, passwords or TLS, unless its directory is listed in your "trusted_dirs".

  llmcache config list --origin     every setting, its value and where it comes from
  llmcache config path              the path of your own file

Durations: 250ms 30s 5m 1h 7d; a bare number means seconds. Sizes: 64k 10M 2G.
Booleans: 1 0 true false yes no on off.
)";
}

std::optional<fs::path> state_directory() {
  const auto directory = xdg_directory("XDG_STATE_HOME", ".local/state");
  return directory ? std::optional(*directory / "llmcache") : std::nullopt;
}

fs::path runtime_directory() {
  const char* const directory = std::getenv("XDG_RUNTIME_DIR");
  return directory != nullptr && *directory == '/' ? fs::path(directory) / "llmcache" : fs::path();
}

}  // namespace llmcache
