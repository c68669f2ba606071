// The folder `routing`: which server a command must go to.
//
// A route knows the servers of a store: one server (single), a cluster (cluster, with its slots, topology and
// redirections), or the master that sentinels name (sentinel). A client runs commands over a route, with each call
// bounded by the operation timeout. The folder knows the positions of keys in commands, but not what the store uses
// the commands for.
#pragma once

#include <libcache/open.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "store/redis/routing/placement.h"
#include "store/redis/server/node.h"

namespace libcache::internal::redis {

using Masters = std::vector<std::shared_ptr<Node>>;

// Thread-safe. Every function fails as Node::run does.
class Route {
 public:
  virtual ~Route() = default;

  // Runs commands with one key each (key_of), pipelined per server. The replies are in the order of the commands; each
  // may be an error reply.
  virtual Result<std::vector<Reply>> run(std::span<const Command> commands, Repeat repeat, Deadline deadline) = 0;

  // The same for commands that only read. Replicas may answer them, if the URL says so, and may lag behind their master.
  virtual Result<std::vector<Reply>> read(std::span<const Command> commands, Deadline deadline) {
    return run(commands, Repeat::allowed, deadline);
  }

  // The server that holds a key, according to the latest map.
  virtual Result<std::shared_ptr<Node>> node_of(std::string_view key, Deadline deadline) = 0;

  // The servers that together hold all keys.
  virtual Result<Masters> masters(Deadline deadline) = 0;

  // The masters after one of `known` has failed: asks for them again unless others are known already.
  virtual Result<Masters> masters_after(const Masters& known, Deadline deadline) = 0;

  // Which master holds which keys now.
  virtual Result<Placement> placement(Deadline deadline) = 0;
};

// The key of a command: its second argument, or for XREAD the argument after STREAMS.
std::string_view key_of(const Command& command);

}  // namespace libcache::internal::redis
