#include "store/redis/routing/topology.h"

#include <algorithm>
#include <utility>

namespace libcache::internal::redis {

Topology::Topology(std::vector<Endpoint> seeds, ConnectionOptions connection, const RedisOptions& options)
    : seeds_(std::move(seeds)),
      connection_(std::move(connection)),
      options_(options),
      map_(
          "the cluster's slots", options, [this] { return servers_to_ask(); },
          [this](Node& node, Deadline deadline) { return ask(node, deadline); }) {}

Result<std::shared_ptr<const SlotMap>> Topology::refresh(const std::shared_ptr<const SlotMap>& known,
                                                         Deadline deadline) {
  auto map = map_.get_after(known, deadline);
  if (!map) {
    if (auto old = map_.known()) return old;
  }
  return map;
}

// The known masters, then the seeds.
std::vector<std::shared_ptr<Node>> Topology::servers_to_ask() {
  std::vector<std::shared_ptr<Node>> asked;
  if (const auto map = map_.known()) asked = map->masters;
  for (const Endpoint& seed : seeds_) {
    const auto node = node_at(seed);
    if (std::ranges::find(asked, node) == asked.end()) asked.push_back(node);
  }
  return asked;
}

Result<std::shared_ptr<const SlotMap>> Topology::ask(Node& node, Deadline deadline) {
  const Command command = {"CLUSTER", "SLOTS"};
  const auto replies = node.run({&command, 1}, Repeat::allowed, deadline);
  if (!replies) return fail(replies.error());
  const Reply& reply = replies->front();
  if (reply.is_error()) return fail(error_of(reply, "CLUSTER SLOTS", node.endpoint().name()));
  const auto ranges = parse_slots(reply, node.endpoint());
  if (!ranges) return fail(ranges.error());
  if (ranges->empty()) return fail(ErrorCode::unavailable, node.endpoint().name() + " does not know any slots");
  return adopt(*ranges);
}

std::shared_ptr<const SlotMap> Topology::adopt(const std::vector<SlotRange>& ranges) {
  const auto nodes = nodes_.lock();
  auto map = std::make_shared<SlotMap>();
  for (const SlotRange& range : ranges) {
    const auto node = node_at(*nodes, range.master);
    const auto found = std::ranges::find(map->masters, node);
    const auto index = static_cast<std::uint16_t>(found - map->masters.begin());
    if (found == map->masters.end()) {
      map->masters.push_back(node);
      auto& replicas = map->replicas.emplace_back();
      if (connection_.reads_replicas) {
        for (const Endpoint& replica : range.replicas) replicas.push_back(node_at(*nodes, replica));
      }
    }
    for (std::size_t slot = range.first; slot <= range.last; ++slot) map->owner[slot] = index;
  }
  // Servers that are no longer part of the cluster are forgotten; their connections close after their last call.
  std::erase_if(*nodes, [&](const auto& each) {
    const auto is_among = [&](const auto& serving) { return std::ranges::find(serving, each.second) != serving.end(); };
    return !is_among(map->masters) && std::ranges::none_of(map->replicas, is_among) &&
           std::ranges::find(seeds_, each.first) == seeds_.end();
  });
  return map;
}

std::shared_ptr<Node> Topology::node_at(const Endpoint& endpoint) {
  return node_at(*nodes_.lock(), endpoint);
}

std::shared_ptr<Node> Topology::node_at(Nodes& nodes, const Endpoint& endpoint) const {
  auto& node = nodes[endpoint];
  if (!node) node = std::make_shared<Node>(endpoint, connection_, options_);
  return node;
}

}  // namespace libcache::internal::redis
