#include "cache/clear.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "key/names.h"
#include "text/json/error.h"

namespace libcache::internal {

namespace {

// Finds the entries whose names are not known in advance: samples, other endpoints, and chunks after a gap.
Result<std::vector<std::string>> search(Store& store, std::string_view key, KeyScheme scheme, Deadline deadline) {
  std::vector<std::string> names;
  const auto visit = [&](const ScanRow& listing) -> Result<bool> {
    if (covers(key, listing.name, scheme)) names.push_back(listing.name);
    return true;
  };
  const auto scanned = store.scan(fmt::format("{}_", key), 0, visit, deadline);
  if (!scanned) return fail(scanned.error());
  return names;
}

}  // namespace

Result<std::uint64_t> clear(Store& store, const EntryLayout& layout, std::string_view key, KeyScheme scheme,
                            Deadline deadline) {
  const auto parts = EntryName::parse(key, scheme);
  if (!parts) return fail(ErrorCode::invalid, fmt::format("{} is not the name of an entry", quoted_name(key)));
  const auto named = layout.remove_named(store, key, deadline);
  if (!named || parts->sample != 0) return named;
  const auto found = search(store, key, scheme, deadline);
  if (found && found->empty()) return named;
  const auto removed = found.and_then([&](const auto& names) { return store.remove(names, deadline); });
  if (removed) return *named + *removed;
  return fail(removed.error().code, fmt::format("{} removed by name, but the search for others of {} failed: {}",
                                                *named, quoted_name(key), removed.error().message));
}

}  // namespace libcache::internal
