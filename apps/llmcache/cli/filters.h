// The filters that select entries: ls, purge, export, copy and stats share them, so that what one lists another removes.
#pragma once

#include <libcache/cache.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "cli/options.h"
#include "context.h"

namespace llmcache {

class Filters {
 public:
  void declare(Options& options);
  // Reads the values of the options, and of --session and --endpoint. Throws a Failure (usage). Call it once, before
  // what follows.
  void read(const Context& context);

  // Whether entries are selected by what only they have, such as their age or their text: uses are not counted by it.
  bool by_entry() const;
  // A pattern; empty: any.
  const std::string& model() const { return model_; }
  // Whether entries are selected by more than their names.
  bool needs_head() const;
  // Whether an entry of the right session is selected. Fails as the store does.
  libcache::Result<bool> accept(Context& context, const libcache::ScanRow& row, const libcache::EntryHead& head) const;

  // Calls `visit` with each entry whose name starts with `prefix` and which is selected, until it returns false. A value
  // that is not an entry has no head, and is selected only if nothing but its name counts. Rejections are left out. Throws a
  // Failure.
  using Visitor = std::function<bool(const libcache::ScanRow&, const libcache::Result<libcache::EntryHead>&)>;
  void for_each(Context& context, const std::string& prefix, const Visitor& visit) const;

 private:
  libcache::Result<bool> accept_entry(Context& context, const libcache::ScanRow& row,
                                      const libcache::EntryHead& head) const;

  std::string kind_;
  std::string model_;
  std::string older_than_;
  std::string newer_than_;
  std::string expires_within_;
  std::string larger_than_;
  std::string text_;

  // As read().
  bool by_session_ = false;
  std::string endpoint_;
  std::optional<libcache::EntryKind> only_kind_;
  std::optional<libcache::UnixTime> created_before_;
  std::optional<libcache::UnixTime> created_since_;
  std::optional<libcache::UnixTime> expires_before_;
  std::optional<std::uint64_t> larger_;
  mutable std::unordered_map<std::string, bool> streams_;  // whether a gateway's stream is selected
};

// Whether the value in a row is a damaged entry, which is warned of. `has_head`: its head could be read; then only --strict
// looks at the rest.
bool leave_out_damaged(Context& context, const libcache::ScanRow& row, bool has_head);

}  // namespace llmcache
