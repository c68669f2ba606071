#include "store/redis/routing/single.h"

#include <algorithm>
#include <utility>

namespace libcache::internal::redis {

namespace {

class SingleRoute final : public Route {
 public:
  explicit SingleRoute(std::shared_ptr<Node> node) : node_(std::move(node)) {}

  Result<std::vector<Reply>> run(std::span<const Command> commands, Repeat repeat, Deadline deadline) override {
    auto replies = node_->run(commands, repeat, deadline);
    // After a failover the host name may lead to another server. The node has closed its connections, so it finds that.
    const bool rejected = replies && std::ranges::all_of(*replies, is_readonly);
    return rejected ? node_->run(commands, repeat, deadline) : std::move(replies);
  }

  Result<std::shared_ptr<Node>> node_of(std::string_view, Deadline) override { return node_; }

  Result<Masters> masters(Deadline) override { return Masters{node_}; }

  Result<Masters> masters_after(const Masters& known, Deadline) override { return known; }

  Result<Placement> placement(Deadline deadline) override { return placement_on_server(*node_, deadline); }

 private:
  std::shared_ptr<Node> node_;
};

}  // namespace

std::unique_ptr<Route> make_single_route(std::shared_ptr<Node> node) {
  return std::make_unique<SingleRoute>(std::move(node));
}

}  // namespace libcache::internal::redis
