// Chooses the route for a store URL.
#pragma once

#include <libcache/open.h>

#include <memory>

#include "store/redis/routing/route.h"

namespace libcache::internal::redis {

// Connects to nothing yet. Fails: invalid, if TLS options cannot be used; not_supported, if `url` is not a Redis URL.
Result<std::unique_ptr<Route>> make_route(const StoreUrl& url, const StoreOptions& options);

}  // namespace libcache::internal::redis
