#include "store/redis/routing/sentinel.h"

#include <algorithm>
#include <utility>

#include "store/redis/routing/discovery.h"
#include "store/redis/wire/error.h"
#include "text/integer.h"

namespace libcache::internal::redis {

namespace {

// Most sentinels require no password; the one in the URL is the master's.
ConnectionOptions for_sentinels(ConnectionOptions connection) {
  connection.database = 0;
  connection.only_master = false;
  connection.password_is_optional = true;
  return connection;
}

ConnectionOptions for_masters(ConnectionOptions connection) {
  connection.only_master = true;
  return connection;
}

class SentinelRoute final : public Route {
 public:
  SentinelRoute(const std::vector<Endpoint>& sentinels, std::string master_name, const ConnectionOptions& connection,
                const RedisOptions& options)
      : master_name_(std::move(master_name)),
        connection_(for_masters(connection)),
        options_(options),
        master_(
            "the address of the master " + master_name_, options, [this] { return sentinels_; },
            [this](Node& sentinel, Deadline deadline) { return ask(sentinel, deadline); }) {
    for (const Endpoint& sentinel : sentinels) {
      sentinels_.push_back(std::make_shared<Node>(sentinel, for_sentinels(connection), options));
    }
  }

  Result<std::vector<Reply>> run(std::span<const Command> commands, Repeat repeat, Deadline deadline) override {
    const auto node = master_.get(deadline);
    if (!node) return fail(node.error());
    auto replies = (*node)->run(commands, repeat, deadline);
    const bool demoted = replies && std::ranges::all_of(*replies, is_readonly);
    if (replies && !demoted) return replies;
    const auto successor = master_.get_after(*node, deadline);
    if (!successor || (*successor == *node && !demoted)) return replies;
    // A replica has executed nothing.
    const bool repeatable = demoted || repeat == Repeat::allowed;
    return repeatable ? (*successor)->run(commands, repeat, deadline) : std::move(replies);
  }

  Result<std::shared_ptr<Node>> node_of(std::string_view, Deadline deadline) override { return master_.get(deadline); }

  Result<Masters> masters(Deadline deadline) override {
    return master_.get(deadline).map([](const auto& node) { return Masters{node}; });
  }

  Result<Masters> masters_after(const Masters& known, Deadline deadline) override {
    return master_.get_after(known.front(), deadline).map([](const auto& node) { return Masters{node}; });
  }

  Result<Placement> placement(Deadline deadline) override {
    const auto node = master_.get(deadline);
    if (!node) return fail(node.error());
    auto placement = placement_on_server(**node, deadline);
    if (placement) return placement;
    const auto successor = master_.get_after(*node, deadline);
    return successor && *successor != *node ? placement_on_server(**successor, deadline) : std::move(placement);
  }

 private:
  Result<std::shared_ptr<Node>> ask(Node& sentinel, Deadline deadline) {
    const auto endpoint = ask_endpoint(sentinel, deadline);
    if (!endpoint) return fail(endpoint.error());
    const auto known = master_.known();
    if (known && known->endpoint() == *endpoint) return known;
    if (known && connection_.on_event) {
      connection_.on_event(
          {Event::Severity::info, "store.master_changed", master_name_ + " is now at " + endpoint->name()});
    }
    return std::make_shared<Node>(*endpoint, connection_, options_);
  }

  Result<Endpoint> ask_endpoint(Node& sentinel, Deadline deadline) {
    const Command command = {"SENTINEL", "get-master-addr-by-name", master_name_};
    const auto replies = sentinel.run({&command, 1}, Repeat::allowed, deadline);
    if (!replies) return fail(replies.error());
    const Reply& reply = replies->front();
    const std::string& name = sentinel.endpoint().name();
    if (reply.is_error()) return fail(error_of(reply, "SENTINEL", name));
    if (reply.elements.size() != 2) {
      return fail(ErrorCode::refused, "the sentinel at " + name + " does not know a master named " + master_name_);
    }
    Endpoint endpoint;
    endpoint.host = reply.elements[0].text;
    const auto port = parse_integer<std::uint16_t>(reply.elements[1].text);
    if (!port) return fail(ErrorCode::refused, "the sentinel at " + name + " sent a malformed reply to SENTINEL");
    endpoint.port = *port;
    return endpoint;
  }

  const std::string master_name_;
  const ConnectionOptions connection_;
  const RedisOptions options_;
  std::vector<std::shared_ptr<Node>> sentinels_;
  Discovery<Node> master_;
};

}  // namespace

std::unique_ptr<Route> make_sentinel_route(std::vector<Endpoint> sentinels, std::string master_name,
                                           ConnectionOptions connection, const RedisOptions& options) {
  return std::make_unique<SentinelRoute>(sentinels, std::move(master_name), connection, options);
}

}  // namespace libcache::internal::redis
