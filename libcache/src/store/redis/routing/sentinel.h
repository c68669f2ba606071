// A route to the master that sentinels name.
#pragma once

#include <libcache/redis_options.h>

#include <memory>
#include <string>
#include <vector>

#include "store/redis/routing/route.h"

namespace libcache::internal::redis {

// Asks the sentinels for the master's address at the first use, and again when the master fails or has become a replica.
std::unique_ptr<Route> make_sentinel_route(std::vector<Endpoint> sentinels, std::string master_name,
                                           ConnectionOptions connection, const RedisOptions& options);

}  // namespace libcache::internal::redis
