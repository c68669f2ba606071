#include "store/listing_lookup.h"

namespace libcache::internal {

Result<std::optional<Listing>> look_up(Store& store, std::string_view name, Deadline deadline) {
  if (auto* able = dynamic_cast<ListingLookup*>(&store)) return able->look_up(name, deadline);
  std::optional<Listing> found;
  const auto visit = [&](const Listing& listing) -> Result<bool> {
    if (listing.name != name) return true;
    found = listing;
    return false;
  };
  const auto scanned = store.scan(name, 0, visit, deadline);
  if (!scanned) return tl::make_unexpected(scanned.error());
  return found;
}

}  // namespace libcache::internal
