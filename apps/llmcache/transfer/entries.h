// Entries that move from one store to another.
#pragma once

#include <libcache/cache.h>
#include <libcache/transfer.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/filters.h"
#include "cli/options.h"
#include "context.h"
#include "process/signals.h"
#include "ui/progress.h"

namespace llmcache {

// The values of one entry: with the bifrost scheme a stream has several.
using EntryValues = std::vector<libcache::NamedEntry>;

// Calls `take` with each entry whose name starts with `prefix` and which the filters select, sorted by name. Warns of
// values that are damaged or are not entries, which it leaves out. Ends early if an interruption arrives; it may be null.
void for_each_entry(Context& context, const std::string& prefix, const Filters& filters, Progress::Form progress,
                    Interruption* interruption, const std::function<void(const EntryValues&)>& take);

// Collects consecutive values until those of another entry begin.
class EntryCollector {
 public:
  EntryCollector(libcache::Cache& cache, std::function<void(const EntryValues&)> take)
      : cache_(cache), take_(std::move(take)) {}
  void add(libcache::NamedEntry value);
  void finish();

 private:
  std::string entry_of(const std::string& name) const;

  libcache::Cache& cache_;
  std::function<void(const EntryValues&)> take_;
  EntryValues values_;
};

// Writes entries into a cache, and counts them.
class EntryWriter {
 public:
  // Declares --on-conflict.
  void declare(Options& options);
  // Throws a Failure: policy, if there is an entry with this name and the option says fail.
  void write(libcache::Cache& cache, const EntryValues& values, libcache::Deadline deadline);
  // "3 entries copied, 1 skipped because it was there already", or as an object with --json.
  void print_total(Context& context, const char* schema, const char* done) const;

 private:
  std::string on_conflict_ = "skip";
  std::uint64_t written_ = 0;
  std::uint64_t skipped_ = 0;
  std::uint64_t expired_ = 0;
};

}  // namespace llmcache
