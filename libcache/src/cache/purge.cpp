// Removing many entries: found by literal prefix, filtered, removed in batches.
#include <fmt/format.h>
#include <libcache/cache.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "cache/core.h"

namespace libcache LIBCACHE_EXPORT {

namespace {

bool needs_head(const PurgeFilter& filter) {
  return filter.accept || filter.prefix.empty();
}

// The common beginning of the names of all entries that the filter selects.
std::string scan_prefix(const Cache& cache, const PurgeFilter& filter) {
  const std::string session = filter.session_only ? session_prefix(cache.options().key) : std::string();
  return std::max(filter.prefix, session, [](const auto& a, const auto& b) { return a.size() < b.size(); });
}

Result<bool> accepts(const Cache& cache, const PurgeFilter& filter, const ScanRow& listing) {
  if (!listing.name.starts_with(filter.prefix)) return false;
  if (filter.session_only && !is_of_session(listing.name, cache.options().key)) return false;
  if (!needs_head(filter)) return true;
  const auto head = cache.head(listing);
  if (!head) return false;
  return filter.accept ? filter.accept(listing, *head) : true;
}

// Calls `take` with the entries that the filter selects, a batch at a time, until it returns false.
Status for_each_batch(Cache& cache, const PurgeFilter& filter, Deadline deadline,
                      const std::function<Result<bool>(std::span<const ScanRow>)>& take) {
  std::vector<ScanRow> batch;
  const auto visit = [&](const ScanRow& listing) -> Result<bool> {
    const auto accepted = accepts(cache, filter, listing);
    if (!accepted) return fail(accepted.error());
    if (!*accepted) return true;
    batch.push_back(listing);
    if (batch.size() < filter.batch) return true;
    return take(std::exchange(batch, {}));
  };
  // An entry that was stored again since then differs in its first bytes, which contain the time at which it was
  // stored.
  constexpr std::size_t kTimeOfStoring = 64;
  const std::size_t head_bytes = needs_head(filter) ? cache.head_bytes() : filter.dry_run ? 0 : kTimeOfStoring;
  if (auto scanned = cache.store().scan(scan_prefix(cache, filter), head_bytes, visit, deadline); !scanned)
    return scanned;
  if (batch.empty()) return {};
  return take(batch).map([](bool) {});
}

Result<Removed> all_of(std::span<const ScanRow> rows) {
  Removed removed{.values = rows.size()};
  for (const ScanRow& row : rows) removed.bytes += row.size;
  return removed;
}

// How many entries the filter selects.
Result<std::uint64_t> count(Cache& cache, const PurgeFilter& filter, Deadline deadline) {
  std::uint64_t entries = 0;
  const auto add = [&](std::span<const ScanRow> batch) -> Result<bool> {
    entries += batch.size();
    return true;
  };
  return for_each_batch(cache, filter, deadline, add).map([&] { return entries; });
}

}  // namespace

Result<PurgeResult> Cache::purge(const PurgeFilter& filter, Deadline deadline) {
  if (filter.prefix.empty() && !filter.session_only && !filter.all) {
    return fail(ErrorCode::policy, "an empty prefix would remove every entry of the store");
  }
  if (filter.max_delete) {
    const auto entries = core_->counted(core_->session(), count(*this, filter, deadline));
    if (!entries) return fail(entries.error());
    if (*entries > *filter.max_delete) {
      return fail(ErrorCode::policy,
                  fmt::format("{} entries would be removed, more than {}", *entries, *filter.max_delete));
    }
  }
  PurgeResult total;
  const auto take = [&](std::span<const ScanRow> batch) -> Result<bool> {
    if (filter.on_batch && !filter.on_batch(batch)) return false;
    const auto removed = filter.dry_run ? all_of(batch) : store().remove_unchanged(batch, deadline);
    if (!removed) return fail(removed.error());
    total.entries += removed->values;
    total.bytes += removed->bytes;
    return true;
  };
  const Status done = core_->counted(core_->session(), for_each_batch(*this, filter, deadline, take));
  if (!done) return fail(done.error());
  return total;
}

}  // namespace libcache LIBCACHE_EXPORT
