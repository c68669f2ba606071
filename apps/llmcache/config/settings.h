// What the program can be told besides a command's own options: one table, from which flags, environment variables,
// configuration files, `config list`, completions and the agreement test with the man page follow.
#pragma once

#include <libcache/cache.h>
#include <libcache/redis_options.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/values.h"
#include "ui/color.h"

namespace llmcache {

struct Settings {
  std::vector<std::string> stores{"sqlite:"};  // near ones before far ones
  libcache::KeyScheme compat = libcache::KeyScheme::native;
  libcache::BifrostForm form = libcache::BifrostForm::detect;
  std::string prefix = "llmcache:";
  std::string session = "default";
  libcache::Ttl ttl;
  std::optional<std::string> provider;
  bool by_model = true;
  bool by_provider = true;
  std::vector<std::string> ignore;
  unsigned sample = 0;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool strict = false;
  Color color = Color::auto_;
  libcache::Milliseconds deadline = std::chrono::seconds(3);
  bool miss_on_store_error = false;
  std::uint64_t max_size = 5ULL << 30;
  std::uint64_t max_entry = 512ULL << 20;
  bool keep_request = true;
  std::vector<std::string> refuse;
  bool accept_incomplete = false;
  std::optional<std::string> config;
  std::vector<std::string> trusted_dirs;
  libcache::Milliseconds connect_timeout{250};
  libcache::Milliseconds timeout{2000};
  unsigned retries = 1;
  std::optional<libcache::Milliseconds> read_timeout;
  std::optional<libcache::Milliseconds> write_timeout;
  libcache::PoolOptions pool;
  std::optional<std::string> password;
  std::string password_file;
  std::vector<std::string> password_command;  // program and arguments
  libcache::TlsOptions tls;
};

// Who may set a setting.
enum class Scope {
  anywhere,
  trusted,      // not a project's file, unless the user trusts its directory
  user_only,    // a user's or the system's file alone
  caller_only,  // no file: a flag or the environment
};

// One row of the table.
struct Setting {
  std::string_view name;   // in files; the environment variable is LLMCACHE_ and this in capitals
  std::string_view flag;   // "--ttl" or "-q,--quiet"; empty: not on the command line
  std::string_view value;  // what the flag takes, for help; empty: it takes nothing and means `switch_value`
  std::string_view switch_value;
  std::string_view default_text;
  std::string_view help;
  Scope scope;
  bool list;  // may be given more than once
  // Throws a Failure (usage) for a value that it cannot take. `values` is never empty; without `list` it is one.
  void (*apply)(Settings&, const std::vector<std::string>& values);
  bool may_be_empty = false;  // an empty value of the flag is meaningful

  std::string environment_name() const;
};

std::span<const Setting> setting_table();
const Setting* find_setting(std::string_view name);

// One source of settings: where it stands, and what it says as text.
struct Layer {
  struct Value {
    const Setting* setting;
    std::vector<std::string> texts;
  };
  std::string origin;  // "flag", "environment", or a file's path
  std::vector<Value> values;
};

inline constexpr std::string_view kDefaultOrigin = "default";
inline constexpr std::string_view kFlagOrigin = "flag";
inline constexpr std::string_view kEnvironmentOrigin = "environment";

// A setting as it came out, for `config list`.
struct Resolved {
  const Setting* setting;
  std::vector<std::string> texts;
  std::string origin;
};

// The first layer that names a setting decides it. Where none names the prefix, `compat` decides: a gateway has none.
std::vector<Resolved> resolve(std::span<const Layer> layers);
Settings apply(std::span<const Resolved> resolved);
// Whether a setting was given at all, rather than left at its default.
bool is_set(std::span<const Resolved> resolved, std::string_view name);

// LLMCACHE_* of this process. Unknown names are reported to `warn`.
Layer environment_layer(const std::function<void(const std::string&)>& warn);

}  // namespace llmcache
