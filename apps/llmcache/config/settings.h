// The settings of the program: one table, from which the flags, environment variables, configuration files,
// `config list`, --help, the completions and the test that compares them with the man page are derived.
#pragma once

#include <libcache/cache.h>
#include <libcache/open.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/values.h"
#include "ui/color.h"

namespace llmcache {

// Every default is the initial value of a member, here or in the library's own options.
struct Settings {
  std::vector<std::string> stores{"sqlite:"};  // near ones before far ones
  libcache::StoreOptions store;                // how they are opened
  libcache::CacheOptions cache;                // with the options of keys and the policy on answers
  std::string endpoint = "auto";               // as given; in the key options, auto and none are empty
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool strict = false;
  Color color = Color::auto_;
  libcache::Milliseconds deadline = std::chrono::seconds(3);
  bool miss_on_store_error = false;
  std::vector<std::string> upstreams;  // of serve, as its --upstream
  std::string password_file;
  std::vector<std::string> password_command;  // a program and its arguments
  std::optional<std::string> config;
  std::string use_log;  // a file; empty: none
  std::vector<std::string> trusted_dirs;
};

// Who may set a setting.
enum class Scope {
  anywhere,
  trusted,      // not a project's file, unless the user trusts its directory
  user_only,    // only the user's or the system's file
  caller_only,  // no file: only a flag or the environment
};

// The kind of value that a setting has.
enum class ValueKind { text, path, boolean, number, list, store_urls, words };

// How a setting is stored in Settings.
struct Field {
  ValueKind kind = ValueKind::text;
  // Throws a Failure (usage) for an invalid value. `texts` is never empty, and holds one text unless the setting is a
  // list.
  void (*apply)(Settings&, const std::vector<std::string>& texts) = nullptr;
  // The value as it would be written; empty if there is none.
  std::vector<std::string> (*texts)(const Settings&) = nullptr;
  // The possible values, if they are few.
  std::vector<std::string> (*choices)() = nullptr;
};

// One row of the table.
struct Setting {
  std::string_view name;               // in files; the environment variable is LLMCACHE_ and the name in capitals
  std::string_view flag = {};          // "--ttl" or "-q,--quiet"; empty: not on the command line
  std::string_view value = {};         // the name of the flag's value in help texts; empty: the flag is a switch
  std::string_view switch_value = {};  // the value that a switch sets
  std::string_view help;
  Field field;
  Scope scope = Scope::anywhere;
  bool may_be_empty = false;  // an empty value of the flag is meaningful

  bool is_list() const { return field.kind >= ValueKind::list; }
  std::string environment_name() const;
  std::vector<std::string> default_texts() const;
};

std::span<const Setting> setting_table();
const Setting* find_setting(std::string_view name);

// The settings of one source, as texts.
struct Layer {
  struct Value {
    const Setting* setting;
    std::vector<std::string> texts;
  };
  std::string origin;  // "flag", "environment", or the path of a file
  std::vector<Value> values;
};

inline constexpr std::string_view kDefaultOrigin = "default";
inline constexpr std::string_view kStoreOrigin = "store";  // a default for this kind of store
inline constexpr std::string_view kFlagOrigin = "flag";
inline constexpr std::string_view kEnvironmentOrigin = "environment";

// A setting's value, and the source that it came from.
struct Resolved {
  const Setting* setting;
  std::vector<std::string> texts;  // empty: its default
  std::string origin;

  std::vector<std::string> texts_or_default() const { return texts.empty() ? setting->default_texts() : texts; }
};

// For each setting the first layer that has it. If none has the prefix, it depends on `compat`: a gateway
// has none. If none has the TTL, it depends on `store`: in files entries live for ever.
std::vector<Resolved> resolve(std::span<const Layer> layers);
Settings apply(std::span<const Resolved> resolved);
// Whether a setting was given, rather than left at its default.
bool is_set(std::span<const Resolved> resolved, std::string_view name);

}  // namespace llmcache
