// Which server has which keys, to tell whether any may have moved while they were listed.
#pragma once

#include <libcache/result.h>
#include <libcache/time.h>

#include <memory>
#include <span>
#include <string>

#include "store/redis/server/node.h"

namespace libcache::internal::redis {

// Keys stood still between two equal layouts that were not `moving`. (A server that started anew has another layout,
// for its cursors are worth nothing any more.)
struct Layout {
  std::string servers;
  bool moving = false;  // slots are moving, or who has them is not agreed on
};

// The layout of one server, which has every key.
Result<Layout> layout_of_server(Node& server, Deadline deadline);
// The layout of a cluster by what each of its masters says of itself.
Result<Layout> layout_of_cluster(std::span<const std::shared_ptr<Node>> masters, Deadline deadline);

}  // namespace libcache::internal::redis
