// One server of the store, with all that makes one of several calls to it: its pool, its breaker, its reconnections.
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

// Whether a command may be sent again when the connection is lost before its reply has come.
enum class Repeat { allowed, forbidden };

// Whether a reply refuses to write, as a replica does.
bool is_readonly(const Reply& reply);

// Thread-safe.
class Node {
 public:
  Node(Endpoint endpoint, ConnectionOptions connection, const RedisOptions& options);

  // Runs the commands in one pipeline; the replies may be error replies. A server that is still loading its data is
  // asked again until the deadline. Fails: unavailable, at once while the breaker is open; as Connection does.
  Result<std::vector<Reply>> run(std::span<const Command> commands, Repeat repeat, Deadline deadline);

  // Gives `use` a connection of its own, for commands that only make sense on one. Fails as Connection::open and `use`.
  Status on_one_connection(const std::function<Status(Connection&)>& use, Deadline deadline);

  const Endpoint& endpoint() const { return pool_.endpoint(); }

 private:
  using Replies = Result<std::vector<Reply>>;
  // `busy`: whether the last attempt waited for a connection in vain.
  Replies run_once_loaded(std::span<const Command> commands, Repeat repeat, Deadline deadline, bool& busy);
  Replies run_reconnecting(std::span<const Command> commands, Repeat repeat, Deadline deadline, bool& busy);
  void record(bool success);

  Pool pool_;
  Breaker breaker_;
  const unsigned retries_;
  EventHandler on_event_;
};

}  // namespace libcache::internal::redis
