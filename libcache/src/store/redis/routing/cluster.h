// A route over a cluster: every key has a slot, every slot a master, and both may move.
#pragma once

#include <libcache/redis_options.h>

#include <memory>
#include <vector>

#include "store/redis/routing/route.h"

namespace libcache::internal::redis {

// Asks any of `seeds` for the cluster's slots at the first use.
std::unique_ptr<Route> make_cluster_route(std::vector<Endpoint> seeds, ConnectionOptions connection,
                                          const RedisOptions& options);

}  // namespace libcache::internal::redis
