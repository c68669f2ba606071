// One row of a scan without the scan.
#pragma once

#include <libcache/store.h>

#include <optional>
#include <string_view>

namespace libcache::internal {

// A power that a store may have. Thread-safe, as every store is.
class ListingLookup {
 public:
  virtual ~ListingLookup() = default;
  // What a scan would show of `name`, without its head; nothing if it is not there. Fails as the store's verbs do.
  virtual Result<std::optional<Listing>> look_up(std::string_view name, Deadline deadline) = 0;
};

// The same of any store; of one without that power by a scan of the names that begin with `name`.
Result<std::optional<Listing>> look_up(Store& store, std::string_view name, Deadline deadline);

}  // namespace libcache::internal
