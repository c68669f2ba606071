// A route to the one master that sentinels name, wherever it is at the moment.
#pragma once

#include <libcache/redis_options.h>

#include <memory>
#include <string>
#include <vector>

#include "store/redis/routing/route.h"

namespace libcache::internal::redis {

// Asks any of `sentinels` for the master at the first use, and again when it fails or is no master any more.
std::unique_ptr<Route> make_sentinel_route(std::vector<Endpoint> sentinels, std::string master_name,
                                           ConnectionOptions connection, const RedisOptions& options);

}  // namespace libcache::internal::redis
