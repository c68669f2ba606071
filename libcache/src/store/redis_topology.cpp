#include "store/redis_topology.h"

#include <algorithm>
#include <utility>

namespace libcache::redis {

Topology::Topology(std::vector<Endpoint> seeds, ConnectionOptions connection, const RedisOptions& options)
    : seeds_(std::move(seeds)),
      connection_(std::move(connection)),
      options_(options),
      outage_(1, options.breaker_pause) {}

Result<std::shared_ptr<const SlotMap>> Topology::map(Deadline deadline) {
  if (auto map = known_.lock()->map) return map;
  return refresh(nullptr, deadline);
}

Result<std::shared_ptr<const SlotMap>> Topology::refresh(const std::shared_ptr<const SlotMap>& known,
                                                         Deadline deadline) {
  if (!outage_.allow(std::chrono::steady_clock::now())) {
    if (auto latest = known_.lock()->map) return latest;
    return fail(ErrorCode::unavailable,
                "no server of the cluster could tell its slots, and all are left alone for a moment");
  }
  const auto refreshing = refreshing_.lock_until(deadline);
  auto latest = known_.lock()->map;
  if (!refreshing || latest != known) {
    outage_.withdraw();
    if (refreshing) return latest;
    return fail(ErrorCode::timeout, "timed out waiting for the cluster's slots");
  }
  const bool had_time = deadline.remaining() >= options_.connect_timeout;
  Result<std::shared_ptr<const SlotMap>> map = fail(ErrorCode::unavailable, "the cluster has no servers");
  const auto nodes = whom_to_ask();
  for (std::size_t i = 0; i < nodes.size() && !map; ++i) {
    map = ask(*nodes[i], share(deadline, nodes.size() - i, options_));
  }
  if (map || had_time) {
    outage_.record(map.has_value(), std::chrono::steady_clock::now());
  } else {
    outage_.withdraw();
  }
  if (!map && latest) return latest;
  return map;
}

// Those known to serve, then the seeds.
std::vector<std::shared_ptr<Node>> Topology::whom_to_ask() {
  const auto known = known_.lock();
  std::vector<std::shared_ptr<Node>> nodes;
  if (known->map) nodes = known->map->masters;
  for (const Endpoint& seed : seeds_) {
    const auto node = node_at(*known, seed);
    if (std::ranges::find(nodes, node) == nodes.end()) nodes.push_back(node);
  }
  return nodes;
}

Result<std::shared_ptr<const SlotMap>> Topology::ask(Node& node, Deadline deadline) {
  const Command command = {"CLUSTER", "SLOTS"};
  const auto replies = node.run({&command, 1}, Repeat::allowed, deadline);
  if (!replies) return tl::make_unexpected(replies.error());
  const Reply& reply = replies->front();
  if (reply.is_error()) return tl::make_unexpected(error_of(reply, "CLUSTER SLOTS", node.endpoint().name()));
  const auto ranges = parse_slots(reply, node.endpoint());
  if (!ranges) return tl::make_unexpected(ranges.error());
  if (ranges->empty()) return fail(ErrorCode::unavailable, node.endpoint().name() + " knows of no slots");
  return adopt(*ranges);
}

std::shared_ptr<const SlotMap> Topology::adopt(const std::vector<SlotRange>& ranges) {
  const auto known = known_.lock();
  auto map = std::make_shared<SlotMap>();
  for (const SlotRange& range : ranges) {
    const auto node = node_at(*known, range.master);
    const auto found = std::ranges::find(map->masters, node);
    const auto index = static_cast<std::uint16_t>(found - map->masters.begin());
    if (found == map->masters.end()) {
      map->masters.push_back(node);
      auto& replicas = map->replicas.emplace_back();
      if (connection_.reads_replicas) {
        for (const Endpoint& replica : range.replicas) replicas.push_back(node_at(*known, replica));
      }
    }
    for (std::size_t slot = range.first; slot <= range.last; ++slot) map->owner[slot] = index;
  }
  // Whom nobody mentions any more is let go with its connections, once its last call is over.
  std::erase_if(known->nodes, [&](const auto& each) {
    const auto among = [&](const auto& nodes) { return std::ranges::find(nodes, each.second) != nodes.end(); };
    return !among(map->masters) && std::ranges::none_of(map->replicas, among) &&
           std::ranges::find(seeds_, each.first) == seeds_.end();
  });
  known->map = map;
  return map;
}

std::shared_ptr<Node> Topology::node_at(const Endpoint& endpoint) {
  return node_at(*known_.lock(), endpoint);
}

std::shared_ptr<Node> Topology::node_at(Known& known, const Endpoint& endpoint) const {
  auto& node = known.nodes[endpoint];
  if (!node) node = std::make_shared<Node>(endpoint, connection_, options_);
  return node;
}

}  // namespace libcache::redis
