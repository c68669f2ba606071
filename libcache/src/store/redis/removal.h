// Removes values: all of them, or those that have not changed since they were listed.
#pragma once

#include <libcache/store.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "store/redis/routing/client.h"

namespace libcache::internal::redis {

// Thread-safe. `client` and `clock` must outlive it.
class Removal {
 public:
  // `is_cluster`: keys of one transaction may lie in different slots, which a cluster does not allow.
  Removal(Client& client, const Clock& clock, bool is_cluster)
      : client_(client), clock_(clock), is_cluster_(is_cluster) {}

  // Returns how many existed.
  Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline);

  // Values are watched from before they are compared until they are removed, so that none that is written meanwhile is
  // removed. In a cluster, and for a user who may not run WATCH, MULTI or EXEC, values are only compared immediately
  // before the removal: a write in the one round trip between the two is lost.
  Result<Removed> remove_unchanged(std::span<const ScanRow> rows, Deadline deadline);

 private:
  Result<std::uint64_t> remove_batch(std::span<const std::string> names, Deadline deadline);
  Result<Removed> remove_batch_if_same(std::span<const ScanRow> rows, Deadline deadline);
  Result<Removed> remove_watched(std::span<const ScanRow> rows, Deadline deadline);
  // One transaction. Nothing if a value was written meanwhile: then none was removed.
  Result<std::optional<Removed>> run_transaction(Connection& connection, std::span<const ScanRow> rows,
                                                 Deadline deadline);
  Result<Removed> remove_compared(std::span<const ScanRow> rows, Deadline deadline);

  Client& client_;
  const Clock& clock_;
  const bool is_cluster_;
  std::atomic<bool> has_unlink_ = true;  // since Redis 4
};

}  // namespace libcache::internal::redis
