// The folder `server`: everything that makes calls to one Redis server reliable.
//
// A node runs pipelines of commands on one server. It takes a connection from its pool, opens it again if it was lost,
// waits while the server loads its data, and does not call a server that failed to answer for a moment (its breaker).
// The folder knows one server only: `routing` decides which server a command goes to.
#pragma once

#include <libcache/redis_options.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <functional>
#include <span>
#include <vector>

#include "store/redis/server/breaker.h"
#include "store/redis/server/pool.h"

namespace libcache::internal::redis {

// Whether a command may be sent again after the connection was lost before the reply arrived.
enum class Repeat { allowed, forbidden };

// Whether a server has rejected a write because it is a replica.
bool is_readonly(const Reply& reply);

// Thread-safe.
class Node {
 public:
  Node(Endpoint endpoint, ConnectionOptions connection, const RedisOptions& options);

  // Runs the commands in one pipeline. The replies may be error replies. While the server is loading its data, the
  // commands are sent again until the deadline. Fails: unavailable, at once while the breaker is open; timeout, also if
  // all connections are in use; as Connection::open and Connection::run do.
  Result<std::vector<Reply>> run(std::span<const Command> commands, Repeat repeat, Deadline deadline);

  // Calls `use` with a connection for its sole use, for commands that depend on each other. Fails as
  // Connection::open and `use` do.
  Status on_one_connection(const std::function<Status(Connection&)>& use, Deadline deadline);

  // Whether a connection is open and unused.
  bool is_connected() { return pool_.has_idle(); }
  // Sends commands over a connection that is open and unused, if there is one. See Connection::post. False:
  // there is none.
  bool post(std::span<const Command> commands);

  const Endpoint& endpoint() const { return pool_.endpoint(); }

 private:
  using Replies = Result<std::vector<Reply>>;
  Replies run_once_loaded(Pool::Place& place, std::span<const Command> commands, Repeat repeat, Deadline deadline);
  Replies run_reconnecting(Pool::Place& place, std::span<const Command> commands, Repeat repeat, Deadline deadline);
  void record(bool success);

  Pool pool_;
  Breaker breaker_;
  const unsigned retries_;
  EventHandler on_event_;
};

}  // namespace libcache::internal::redis
