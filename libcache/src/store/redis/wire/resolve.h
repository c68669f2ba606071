// Resolves host names to addresses, within a deadline.
#pragma once

#include <libcache/result.h>
#include <libcache/time.h>
#include <sys/socket.h>

#include <vector>

#include "store/redis/wire/endpoint.h"

namespace libcache::internal::redis {

// A socket address of any family.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

// At least one address of the endpoint, in the order in which to try them. Fails: unavailable; timeout; refused if a
// socket path is too long.
Result<std::vector<Address>> resolve(const Endpoint& endpoint, Deadline deadline);

}  // namespace libcache::internal::redis
