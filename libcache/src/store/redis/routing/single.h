// A route to one server, which holds every key.
#pragma once

#include <memory>

#include "store/redis/routing/route.h"

namespace libcache::internal::redis {

std::unique_ptr<Route> make_single_route(std::shared_ptr<Node> node);

}  // namespace libcache::internal::redis
