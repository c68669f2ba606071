// Which master holds which keys. Comparing placements shows whether keys may have moved while they were listed.
#pragma once

#include <libcache/result.h>
#include <libcache/time.h>

#include <memory>
#include <span>
#include <string>

#include "store/redis/server/node.h"

namespace libcache::internal::redis {

// If a placement is the same before and after, and not `moving`, no key has moved meanwhile. (A server that was
// restarted changes the placement, because cursors of the previous process are invalid.)
struct Placement {
  std::string servers;  // for comparison only
  bool moving = false;  // slots are moving, or the masters do not agree on who holds them
};

// The placement if one server holds all keys.
Result<Placement> placement_on_server(Node& server, Deadline deadline);
// The placement of a cluster, as each of its masters reports its own slots.
Result<Placement> placement_in_cluster(std::span<const std::shared_ptr<Node>> masters, Deadline deadline);

}  // namespace libcache::internal::redis
