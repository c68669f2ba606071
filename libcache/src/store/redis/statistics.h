// Statistics on a server: a hash for each day, with a field for each counter of each model, session and endpoint.
// (commands: HINCRBY, PEXPIRE, HGETALL, UNLINK.)
#pragma once

#include <libcache/statistics.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/routing/client.h"

namespace libcache::internal::redis {

// A hash of a day. It is not the name of an entry, and begins with the prefix, so that access rules cover it. A cluster
// has several for each day, so that each server has one, whichever a client is connected to. All clients share them: the
// names of hashes and fields never change meaning.
std::string statistics_name(std::string_view prefix, std::chrono::sys_days day, unsigned part = 0);

class SharedStatistics final : public Statistics {
 public:
  // `client` and `clock` must outlive this.
  SharedStatistics(Client& client, const Clock& clock, bool writes, bool is_cluster)
      : client_(client), clock_(clock), writes_(writes), parts_(is_cluster ? kParts : 1) {}

  bool add(std::string_view prefix, std::span<const StatisticsRow> rows, Deadline deadline) override;
  Result<std::vector<StatisticsRow>> read(std::string_view prefix, std::chrono::sys_days since,
                                          Deadline deadline) override;
  Status reset(std::string_view prefix, Deadline deadline) override;

 private:
  static constexpr unsigned kParts = 64;  // in a cluster of 10 servers, 1 of 1,000 has none of a day's hashes

  struct Name {
    std::chrono::sys_days day;
    std::string name;
  };
  std::vector<Name> names_since(std::string_view prefix, std::chrono::sys_days since) const;
  // Of a hash on a server to which a connection is open; nothing if there is none.
  std::optional<std::string> connected_name(std::string_view prefix, std::chrono::sys_days day);

  Client& client_;
  const Clock& clock_;
  const bool writes_;
  const unsigned parts_;  // of each day
};

}  // namespace libcache::internal::redis
