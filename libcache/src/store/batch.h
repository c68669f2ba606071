// Many values in few round trips.
#pragma once

#include <libcache/store.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace libcache::internal {

// A value and until when its store keeps it; nothing: for ever.
struct StoredValue {
  std::string bytes;
  std::optional<UnixTime> expires;
};

struct NamedValue {
  std::string name;
  std::string bytes;
};

// A power that a store may have. Thread-safe, as every store is.
class BatchAccess {
 public:
  virtual ~BatchAccess() = default;
  // As get() of each name, in order. Fails as the first that fails.
  virtual Result<std::vector<std::optional<StoredValue>>> get_all(std::span<const std::string> names,
                                                                  Deadline deadline) = 0;
  // As put() of each value, in order but for what lies on different servers. Where it fails some may have been written.
  virtual Status put_all(std::span<const NamedValue> values, std::optional<UnixTime> expires, Deadline deadline) = 0;
};

// The same of any store; of one without that power one by one.
Result<std::vector<std::optional<StoredValue>>> get_all(Store& store, std::span<const std::string> names,
                                                        Deadline deadline);
Status put_all(Store& store, std::span<const NamedValue> values, std::optional<UnixTime> expires, Deadline deadline);

}  // namespace libcache::internal
