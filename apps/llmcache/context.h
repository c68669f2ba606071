// What a command works with: its settings, stdout and stderr, and the cache, opened when first asked for.
#pragma once

#include <libcache/cache.h>
#include <libcache/open.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/settings.h"
#include "ui/output.h"
#include "ui/report.h"

namespace llmcache {

class Context {
 public:
  // `warnings` is what reading the settings has brought up, for `doctor`.
  Context(Settings settings, std::vector<Resolved> resolved, Report report, std::vector<std::string> warnings);

  const Settings& settings() const { return settings_; }
  // Where each setting came from, for `config`.
  const std::vector<Resolved>& resolved() const { return resolved_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  const Report& report() const { return report_; }
  Output& out() { return out_; }

  // Whether a setting was given at all.
  bool is_set(std::string_view name) const;
  libcache::KeyOptions key_options() const;
  libcache::Cache& cache();
  // How to open stores; their events are reported.
  libcache::StoreOptions store_options(std::span<const libcache::StoreUrl> urls) const;
  // When the store must be done. Begun at the first call: one budget for the whole command.
  libcache::Deadline deadline();
  // The same for work over many entries, which the default of `deadline` is not meant for: only one that was set
  // counts.
  libcache::Deadline long_deadline();

  // A lookup's result as the settings want it: a store error is a Failure, or with --on-store-error=miss a warning and
  // a miss; with --strict a damaged entry is a Failure.
  libcache::Lookup settle(libcache::Result<libcache::Lookup> lookup);

 private:
  Settings settings_;
  std::vector<Resolved> resolved_;
  Report report_;
  std::vector<std::string> warnings_;
  Output out_;
  std::unique_ptr<libcache::Cache> cache_;
  std::optional<libcache::Deadline> deadline_;
};

// Reads a file, or stdin for "-", piece by piece as it comes. Throws a Failure (bad input).
void read_input(const std::string& path, const std::function<void(std::string_view)>& take);
// All of it.
std::string read_input(const std::string& path);

}  // namespace llmcache
