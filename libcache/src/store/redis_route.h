// From a key to the server that has it. The only place that knows whether there is one server or many.
#pragma once

#include <libcache/result.h>
#include <libcache/store.h>
#include <libcache/time.h>

#include <memory>
#include <span>
#include <vector>

#include "store/redis_node.h"

namespace libcache::redis {

// Thread-safe.
class Route {
 public:
  virtual ~Route() = default;

  // Runs commands whose second argument is a key, each where its key belongs, pipelined per server. The replies are in
  // order; one may be an error reply.
  virtual Result<std::vector<Reply>> run(std::span<const Command> commands, Repeat repeat, Deadline deadline) = 0;

  // The servers that together hold every key.
  virtual Result<std::vector<std::shared_ptr<Node>>> masters(Deadline deadline) = 0;
};

// What connects to every server that `url` names or leads to. Fails (invalid) for TLS options that cannot be used.
Result<ConnectionOptions> make_connection_options(const StoreUrl& url, const StoreOptions& options);

// One server, by TCP or a unix socket.
std::unique_ptr<Route> make_single_route(const StoreUrl& url, ConnectionOptions connection,
                                         const RedisOptions& options);

}  // namespace libcache::redis
