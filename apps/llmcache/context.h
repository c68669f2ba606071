// The environment of a command: its settings, stdout and stderr, and the cache, which is opened at its first use.
#pragma once

#include <libcache/cache.h>
#include <libcache/open.h>

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/scheme.h"
#include "config/settings.h"
#include "ui/output.h"
#include "ui/report.h"

namespace llmcache {

// Whether an entry was found that is damaged or incomplete.
bool is_damaged(const libcache::Lookup& lookup);

class Context {
 public:
  // `warnings` are those from reading the settings, for `doctor`, and so is the error that made them the defaults; empty:
  // there was none.
  Context(Settings settings, std::vector<Resolved> resolved, Report report, std::vector<std::string> warnings,
          std::string settings_error = {});

  const Settings& settings() const { return settings_; }
  // Where each setting came from, for `config`.
  const std::vector<Resolved>& resolved() const { return resolved_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  const std::string& settings_error() const { return settings_error_; }
  const Report& report() const { return report_; }
  Output& out() { return out_; }

  // Whether a setting was given, rather than left at its default.
  bool is_set(std::string_view name) const;
  // Whether a setting was given on the command line.
  bool is_flag(std::string_view name) const;
  // Sets the endpoint to use if the setting is auto. Call it before the first call of cache().
  void set_endpoint(std::string endpoint) { settings_.cache.key.endpoint = std::move(endpoint); }
  SchemeFeatures scheme() const { return features_of(key_options().scheme); }
  const libcache::KeyOptions& key_options() const { return settings_.cache.key; }
  // Throws a PasswordFailure if the password of the store cannot be read.
  libcache::Cache& cache();
  // Declares that this command only reads and leaves no trace on disk. Call it before the first call of cache().
  void only_reads() { use_ = Use::read; }
  // The same for a command that answers a request, which is counted in statistics that exist.
  void only_looks_up() { use_ = Use::look_up; }
  // Declares that lookups also return answers that were stored only because of --accept: for commands that show stored
  // answers. --strict overrides it. Call it before the first call of cache().
  void takes_accepted() { takes_accepted_ = true; }
  // Calls `handler` for each use of the cache, from any thread. Call it before the first call of cache().
  void watch_uses(libcache::UseHandler handler) { use_watcher_ = std::move(handler); }
  // Declares that the command reports itself when its store fails and answers again. Call it before the first call of
  // cache().
  void reports_outages_itself() { reports_outages_ = false; }
  // How to open stores; their events are reported. Reads the password.
  libcache::StoreOptions store_options(std::span<const libcache::StoreUrl> urls);
  // For the store. One budget for the whole command, which starts with the first call; reading the password counts.
  libcache::Deadline deadline();
  // For work on many entries, for which the default of `deadline` is too short: only a deadline that was given counts.
  libcache::Deadline long_deadline();

  // A lookup's result according to the settings: a store error is a Failure, or with --on-store-error=miss a warning
  // and a miss; with --strict a damaged entry is a Failure.
  libcache::Lookup settle(libcache::Result<libcache::Lookup> lookup) { return settle(std::move(lookup), report_); }
  libcache::Lookup settle(libcache::Result<libcache::Lookup> lookup, const Report& report) const;
  // The same for a change of an entry, which fails if the entry is damaged: false then, as if there were none.
  bool settle(const libcache::Result<bool>& change) const;
  // Warns of an entry that is left out because it is damaged.
  void warn_of_damage(const std::string& message) const;
  // At the end of a command that reads many entries: a Failure with --strict if one of them was damaged.
  void check_damage() const;
  // A message: an answer has been stored, and for how long.
  std::string stored_message() const;
  // Notes a lookup as a hit or a miss; with --strict a damaged entry is a Failure.
  void note(const libcache::Lookup& lookup, const Report& report) const;

 private:
  Settings settings_;
  std::vector<Resolved> resolved_;
  Report report_;
  std::vector<std::string> warnings_;
  std::string settings_error_;
  Output out_;
  std::shared_ptr<std::atomic<bool>> found_damage_ = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<libcache::Cache> cache_;
  enum class Use { write, look_up, read } use_ = Use::write;
  bool takes_accepted_ = false;
  bool reports_outages_ = true;
  libcache::UseHandler use_watcher_;
  std::optional<libcache::Deadline> deadline_;
  libcache::Milliseconds password_time_{0};
};

}  // namespace llmcache
