// A route to the servers of a cluster: every key belongs to a slot, and a slot may move from one master to another.
#pragma once

#include <libcache/redis_options.h>

#include <memory>
#include <vector>

#include "store/redis/routing/route.h"

namespace libcache::internal::redis {

// Asks one of `seeds` for the slots of the cluster at the first use.
std::unique_ptr<Route> make_cluster_route(std::vector<Endpoint> seeds, ConnectionOptions connection,
                                          const RedisOptions& options);

}  // namespace libcache::internal::redis
