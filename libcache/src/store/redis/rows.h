// Asks for the rows of a scan: the size, expiry and first bytes of values.
#pragma once

#include <libcache/store.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/redis/routing/client.h"

namespace libcache::internal::redis {

// The commands that ask for the rows of `names`, which must outlive it, and what their replies mean.
class RowQuery {
 public:
  RowQuery(std::span<const std::string> names, std::size_t head_bytes);
  RowQuery(const RowQuery&) = delete;
  RowQuery& operator=(const RowQuery&) = delete;

  const std::vector<Command>& commands() const { return commands_; }

  // The rows in the order of the names; nullopt for a name that does not exist or is not a plain value. Fails with the
  // error of an error reply.
  Result<std::vector<std::optional<ScanRow>>> rows_in(std::span<Reply> replies, UnixTime now,
                                                      std::string_view server) const;

 private:
  const std::span<const std::string> names_;
  const bool with_head_;
  const std::string last_byte_;
  std::vector<Command> commands_;
};

// Runs such a query.
Result<std::vector<std::optional<ScanRow>>> look_up(Client& client, std::span<const std::string> names,
                                                    std::size_t head_bytes, UnixTime now, Deadline deadline);

}  // namespace libcache::internal::redis
