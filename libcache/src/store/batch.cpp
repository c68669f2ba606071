#include "store/batch.h"

#include <utility>

#include "store/listing_lookup.h"

namespace libcache::internal {

Result<std::vector<std::optional<StoredValue>>> get_all(Store& store, std::span<const std::string> names,
                                                        Deadline deadline) {
  if (auto* able = dynamic_cast<BatchAccess*>(&store)) return able->get_all(names, deadline);
  std::vector<std::optional<StoredValue>> values;
  for (const std::string& name : names) {
    auto bytes = store.get(name, deadline);
    if (!bytes) return tl::make_unexpected(bytes.error());
    values.emplace_back();
    if (!*bytes) continue;
    const auto listing = look_up(store, name, deadline);
    if (!listing) return tl::make_unexpected(listing.error());
    // What has gone meanwhile is as good as never seen.
    if (*listing) values.back() = {*std::move(*bytes), (*listing)->expires};
  }
  return values;
}

Status put_all(Store& store, std::span<const NamedValue> values, std::optional<UnixTime> expires, Deadline deadline) {
  if (auto* able = dynamic_cast<BatchAccess*>(&store)) return able->put_all(values, expires, deadline);
  for (const NamedValue& value : values) {
    const auto written = store.put(value.name, value.bytes, {.expires = expires}, deadline);
    if (!written) return tl::make_unexpected(written.error());
  }
  return {};
}

}  // namespace libcache::internal
