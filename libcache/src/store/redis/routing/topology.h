// The servers of a cluster, and which of them serves which slots.
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
#include "store/redis/server/node.h"
#include "store/redis/wire/slots.h"

namespace libcache::internal::redis {

// Which master serves which slots. Immutable.
struct SlotMap {
  std::vector<std::shared_ptr<Node>> masters;
  std::vector<std::vector<std::shared_ptr<Node>>> replicas;  // of each master, if replicas answer reads
  std::array<std::uint16_t, kSlots> owner{};                 // index of the master; 0 for a slot that no server serves

  const std::shared_ptr<Node>& node_of(std::string_view key) const { return masters[owner[slot_of(key)]]; }
  // A replica that holds the key, chosen by `turn`, or its master if it has no replicas.
  const std::shared_ptr<Node>& reader_of(std::string_view key, std::size_t turn) const {
    const auto& candidates = replicas[owner[slot_of(key)]];
    return candidates.empty() ? node_of(key) : candidates[turn % candidates.size()];
  }
};

// The slot map and the servers, which keep their connections when the map changes. Thread-safe.
class Topology {
 public:
  Topology(std::vector<Endpoint> seeds, ConnectionOptions connection, const RedisOptions& options);

  // The latest map, asked for if there is none. Fails as Node::run does.
  Result<std::shared_ptr<const SlotMap>> map(Deadline deadline) { return map_.get(deadline); }
  // Asks for a new map, unless another map than `known` is known already. If no server answers, the old map stays, and
  // no server is asked for a moment.
  Result<std::shared_ptr<const SlotMap>> refresh(const std::shared_ptr<const SlotMap>& known, Deadline deadline);
  // The server at an address, for example the target of a redirection.
  std::shared_ptr<Node> node_at(const Endpoint& endpoint);

 private:
  using Nodes = std::map<Endpoint, std::shared_ptr<Node>>;
  std::shared_ptr<Node> node_at(Nodes& nodes, const Endpoint& endpoint) const;
  std::vector<std::shared_ptr<Node>> servers_to_ask();
  Result<std::shared_ptr<const SlotMap>> ask(Node& node, Deadline deadline);
  std::shared_ptr<const SlotMap> adopt(const std::vector<SlotRange>& ranges);

  const std::vector<Endpoint> seeds_;
  const ConnectionOptions connection_;
  const RedisOptions options_;
  Guarded<Nodes> nodes_;
  Discovery<const SlotMap> map_;
};

}  // namespace libcache::internal::redis
