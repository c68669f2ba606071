#include "store/redis/routing/route.h"

#include <algorithm>
#include <utility>

#include "store/redis/routing/cluster.h"
#include "store/redis/routing/sentinel.h"

namespace libcache::internal::redis {

namespace {

class SingleRoute final : public Route {
 public:
  explicit SingleRoute(std::shared_ptr<Node> node) : node_(std::move(node)) {}

  Result<std::vector<Reply>> run(std::span<const Command> commands, Repeat repeat, Deadline deadline) override {
    auto replies = node_->run(commands, repeat, deadline);
    // The name may lead to another server by now; the node has dropped its connections.
    const bool demoted = replies && std::ranges::all_of(*replies, is_readonly);
    return demoted ? node_->run(commands, repeat, deadline) : std::move(replies);
  }

  Result<std::shared_ptr<Node>> node_of(std::string_view, Deadline) override { return node_; }

  Result<Masters> masters(Deadline) override { return Masters{node_}; }

  Result<Masters> masters_after(const Masters& known, Deadline) override { return known; }

  Result<Layout> layout(Deadline deadline) override { return layout_of_server(*node_, deadline); }

 private:
  std::shared_ptr<Node> node_;
};

Result<ConnectionOptions> connection_options(const StoreUrl& url, const StoreOptions& options) {
  const RedisOptions& redis = options.redis;
  ConnectionOptions connection;
  connection.user = redis.user.value_or(url.user);
  connection.password = redis.password ? redis.password : url.password;
  connection.database = url.database;
  connection.reads_replicas = url.read_from_replicas;
  connection.client_name = redis.client_name;
  connection.read_timeout = redis.read_timeout;
  connection.write_timeout = redis.write_timeout;
  connection.on_event = options.on_event;
  connection.password_warning = std::make_shared<std::once_flag>();
  if (url.tls) {
    auto tls = TlsContext::create(redis.tls);
    if (!tls) return tl::make_unexpected(tls.error());
    connection.tls = std::make_shared<const TlsContext>(std::move(*tls));
  }
  return connection;
}

}  // namespace

std::string_view key_of(const Command& command) {
  const auto streams = command.front() == "XREAD" ? std::ranges::find(command, "STREAMS") : command.begin();
  return streams[1];
}

Result<std::unique_ptr<Route>> make_route(const StoreUrl& url, const StoreOptions& options) {
  auto connection = connection_options(url, options);
  if (!connection) return tl::make_unexpected(connection.error());
  std::vector<Endpoint> endpoints;
  for (const StoreUrl::Host& host : url.hosts) endpoints.push_back({host.name, host.port, {}});
  if (url.kind == StoreUrl::Kind::redis_unix) endpoints = {{.host = {}, .port = 0, .socket_path = url.path.string()}};
  if (endpoints.empty()) return fail(ErrorCode::not_supported, "'" + url.redacted() + "' is no Redis server");
  switch (url.kind) {
    case StoreUrl::Kind::redis_cluster:
      return make_cluster_route(std::move(endpoints), std::move(*connection), options.redis);
    case StoreUrl::Kind::redis_sentinel:
      return make_sentinel_route(std::move(endpoints), url.master_name, std::move(*connection), options.redis);
    default:
      return std::make_unique<SingleRoute>(
          std::make_shared<Node>(std::move(endpoints.front()), std::move(*connection), options.redis));
  }
}

}  // namespace libcache::internal::redis
