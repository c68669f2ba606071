// Lists the names in a Redis, on all servers and while keys move between them.
#pragma once

#include <libcache/store.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "store/redis/routing/client.h"

namespace libcache::internal::redis {

// Names that were seen before, by their hashes: 8 bytes for each of a million. Two names have one hash with a probability
// of 1 in 10^7 then.
class SeenNames {
 public:
  // False: it was seen before.
  bool insert(std::string_view name);
  std::size_t size() const { return sorted_.size() + recent_.size(); }

 private:
  std::vector<std::uint64_t> sorted_;
  std::unordered_set<std::uint64_t> recent_;  // not sorted into the others yet
};

// One call of Store::scan. The views and the visitor must outlive it.
class Scan {
 public:
  Scan(Client& client, const Clock& clock, std::string_view prefix, std::size_t head_bytes, const Store::Visitor& visit,
       Deadline deadline);

  Status run();

 private:
  // False: the visitor has ended the scan.
  Result<bool> visit_servers();
  Result<bool> visit_server(Node& server);
  Result<bool> visit_names(const std::vector<std::string>& names);

  Client& client_;
  const Clock& clock_;
  const std::string_view prefix_;
  const std::string pattern_;
  const std::size_t head_bytes_;
  const Store::Visitor& visit_;
  const Deadline deadline_;
  SeenNames seen_;  // SCAN may return a name twice
};

}  // namespace libcache::internal::redis
