#include "store/redis/routing/make_route.h"

#include <utility>

#include "store/redis/routing/cluster.h"
#include "store/redis/routing/sentinel.h"
#include "store/redis/routing/single.h"

namespace libcache::internal::redis {

namespace {

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
    if (!tls) return fail(tls.error());
    connection.tls = std::make_shared<const TlsContext>(std::move(*tls));
  }
  return connection;
}

}  // namespace

Result<std::unique_ptr<Route>> make_route(const StoreUrl& url, const StoreOptions& options) {
  auto connection = connection_options(url, options);
  if (!connection) return fail(connection.error());
  std::vector<Endpoint> endpoints;
  for (const StoreUrl::Host& host : url.hosts) endpoints.push_back({host.name, host.port, {}});
  if (url.kind == StoreUrl::Kind::redis_unix) endpoints = {{.host = {}, .port = 0, .socket_path = url.path.string()}};
  if (endpoints.empty()) return fail(ErrorCode::not_supported, "'" + url.redacted() + "' is not a Redis URL");
  switch (url.kind) {
    case StoreUrl::Kind::redis_cluster:
      return make_cluster_route(std::move(endpoints), std::move(*connection), options.redis);
    case StoreUrl::Kind::redis_sentinel:
      return make_sentinel_route(std::move(endpoints), url.master_name, std::move(*connection), options.redis);
    default:
      return make_single_route(
          std::make_shared<Node>(std::move(endpoints.front()), std::move(*connection), options.redis));
  }
}

}  // namespace libcache::internal::redis
