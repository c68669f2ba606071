// What is known of a cluster at the moment.
#pragma once

#include <libcache/redis_options.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "store/redis/routing/discovery.h"
#include "store/redis/routing/slots.h"
#include "store/redis/server/node.h"

namespace libcache::internal::redis {

// Which master has which slots; never changes once made.
struct SlotMap {
  std::vector<std::shared_ptr<Node>> masters;
  std::vector<std::vector<std::shared_ptr<Node>>> replicas;  // of each master, where reads go to them
  std::array<std::uint16_t, kSlots> owner{};  // index of a master; the first for a slot that nobody serves

  const std::shared_ptr<Node>& node_of(std::string_view key) const { return masters[owner[slot_of(key)]]; }
  // One of those that have the key to read, taking turns; its master if there is no other.
  const std::shared_ptr<Node>& reader_of(std::string_view key, std::size_t turn) const {
    const auto& candidates = replicas[owner[slot_of(key)]];
    return candidates.empty() ? node_of(key) : candidates[turn % candidates.size()];
  }
};

// The slot map and the servers, each of which keeps its connections from map to map. Thread-safe.
class Topology {
 public:
  Topology(std::vector<Endpoint> seeds, ConnectionOptions connection, const RedisOptions& options);

  // The latest map; asks for one if there is none. Fails as Node::run does.
  Result<std::shared_ptr<const SlotMap>> map(Deadline deadline) { return map_.get(deadline); }
  // Asks for a new map where `known` is still the latest. Where no server can tell, the old one stays, and for a moment
  // none is asked again.
  Result<std::shared_ptr<const SlotMap>> refresh(const std::shared_ptr<const SlotMap>& known, Deadline deadline);
  // The server at an address that a redirection names.
  std::shared_ptr<Node> node_at(const Endpoint& endpoint);

 private:
  using Nodes = std::map<Endpoint, std::shared_ptr<Node>>;
  std::shared_ptr<Node> node_at(Nodes& nodes, const Endpoint& endpoint) const;
  std::vector<std::shared_ptr<Node>> whom_to_ask();
  Result<std::shared_ptr<const SlotMap>> ask(Node& node, Deadline deadline);
  std::shared_ptr<const SlotMap> adopt(const std::vector<SlotRange>& ranges);

  const std::vector<Endpoint> seeds_;
  const ConnectionOptions connection_;
  const RedisOptions options_;
  Guarded<Nodes> nodes_;
  Discovery<const SlotMap> map_;
};

}  // namespace libcache::internal::redis
