#include "store/redis/routing/cluster.h"

#include <atomic>
#include <optional>
#include <utility>

#include "store/redis/routing/dispatch.h"
#include "store/redis/routing/topology.h"

namespace libcache::internal::redis {

namespace {

class ClusterRoute final : public Route {
 public:
  ClusterRoute(std::vector<Endpoint> seeds, ConnectionOptions connection, const RedisOptions& options)
      : reads_replicas_(connection.reads_replicas), topology_(std::move(seeds), std::move(connection), options) {}

  Result<std::vector<Reply>> run(std::span<const Command> commands, Repeat repeat, Deadline deadline) override {
    return Dispatch(topology_, commands, repeat, deadline, std::nullopt).run();
  }

  Result<std::vector<Reply>> read(std::span<const Command> commands, Deadline deadline) override {
    const auto turn = reads_replicas_ ? std::optional(replica_turn_++) : std::nullopt;
    return Dispatch(topology_, commands, Repeat::allowed, deadline, turn).run();
  }

  Result<std::shared_ptr<Node>> node_of(std::string_view key, Deadline deadline) override {
    return topology_.map(deadline).map([&](const auto& map) { return map->node_of(key); });
  }

  Result<Masters> masters(Deadline deadline) override {
    return topology_.map(deadline).map([](const auto& map) { return map->masters; });
  }

  Result<Masters> masters_after(const Masters& known, Deadline deadline) override {
    auto map = topology_.map(deadline);
    if (map && (*map)->masters == known) map = topology_.refresh(*map, deadline);
    return map.map([](const auto& latest) { return latest->masters; });
  }

  Result<Placement> placement(Deadline deadline) override {
    const auto known = topology_.map(deadline);
    const auto map = known ? topology_.refresh(*known, deadline) : known;
    if (!map) return fail(map.error());
    return placement_in_cluster((*map)->masters, deadline);
  }

 private:
  const bool reads_replicas_;
  std::atomic<std::size_t> replica_turn_ = 0;
  Topology topology_;
};

}  // namespace

std::unique_ptr<Route> make_cluster_route(std::vector<Endpoint> seeds, ConnectionOptions connection,
                                          const RedisOptions& options) {
  return std::make_unique<ClusterRoute>(std::move(seeds), std::move(connection), options);
}

}  // namespace libcache::internal::redis
