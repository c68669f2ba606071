#include "store/redis_route.h"

#include <algorithm>
#include <utility>

#include "store/redis_error.h"

namespace libcache::redis {

namespace {

bool is_readonly(const Reply& reply) {
  return reply.is_error() && has_code(reply.text, "READONLY");
}

class SingleRoute final : public Route {
 public:
  explicit SingleRoute(std::shared_ptr<Node> node) : node_(std::move(node)) {}

  Result<std::vector<Reply>> run(std::span<const Command> commands, Repeat repeat, Deadline deadline) override {
    auto replies = node_->run(commands, repeat, deadline);
    // The name may lead to another server by now; the node has dropped its connections.
    const bool demoted = replies && std::ranges::all_of(*replies, is_readonly);
    return demoted ? node_->run(commands, repeat, deadline) : std::move(replies);
  }

  Result<std::vector<std::shared_ptr<Node>>> masters(Deadline) override { return std::vector{node_}; }

 private:
  std::shared_ptr<Node> node_;
};

}  // namespace

Result<ConnectionOptions> make_connection_options(const StoreUrl& url, const StoreOptions& options) {
  const RedisOptions& redis = options.redis;
  ConnectionOptions connection;
  connection.user = redis.user.value_or(url.user);
  connection.password = redis.password ? redis.password : url.password;
  connection.database = url.database;
  connection.client_name = redis.client_name;
  connection.read_timeout = redis.read_timeout;
  connection.write_timeout = redis.write_timeout;
  connection.on_event = options.on_event;
  if (url.tls) {
    auto tls = TlsContext::create(redis.tls);
    if (!tls) return tl::make_unexpected(tls.error());
    connection.tls = std::make_shared<const TlsContext>(std::move(*tls));
  }
  return connection;
}

std::unique_ptr<Route> make_single_route(const StoreUrl& url, ConnectionOptions connection,
                                         const RedisOptions& options) {
  Endpoint endpoint;
  if (url.kind == StoreUrl::Kind::redis_unix) {
    endpoint.socket_path = url.path.string();
  } else {
    endpoint.host = url.hosts.front().name;
    endpoint.port = url.hosts.front().port;
  }
  return std::make_unique<SingleRoute>(std::make_shared<Node>(std::move(endpoint), std::move(connection), options));
}

}  // namespace libcache::redis
