// Runs the commands of a store over its route: bounds each call by the operation timeout, and turns error replies into
// errors.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/routing/route.h"

namespace libcache::internal::redis {

// Thread-safe. Every function fails as Node::run does.
class Client {
 public:
  // `url` is for messages and holds no password.
  Client(std::unique_ptr<Route> route, std::string url, Milliseconds operation_timeout);

  // Runs a command with a key (key_of), or several in pipelines. Fails also with the first error reply.
  Result<Reply> run(const Command& command, Repeat repeat, Deadline deadline);
  Result<std::vector<Reply>> run_all(std::span<const Command> commands, Repeat repeat, Deadline deadline);
  // The same for commands that only read; replicas may answer them, if the URL says so.
  Result<Reply> read(const Command& command, Deadline deadline);
  Result<std::vector<Reply>> read_all(std::span<const Command> commands, Deadline deadline);
  // The same, but an error reply is not a failure.
  Result<std::vector<Reply>> try_all(std::span<const Command> commands, Repeat repeat, Deadline deadline);

  // Runs a command on one server. Fails also with an error reply.
  Result<Reply> run_on(Node& node, const Command& command, Deadline deadline);
  // Calls `use` with a connection of its own to the server that holds `key`, for commands that depend on each other, and
  // with the deadline of these commands.
  Status on_one_connection(std::string_view key, const std::function<Status(Connection&, Deadline)>& use,
                           Deadline deadline);

  // Whether a connection to the server that holds `key` is open and unused. Never waits.
  bool is_connected(std::string_view key);
  // Sends commands that have the same key, if there is an open connection to their server, and waits for nothing. They
  // may be lost, and their replies are ignored. False: nothing was sent.
  bool post(std::span<const Command> commands);

  Result<Masters> masters(Deadline deadline);
  // Calls `use` with the masters. If it fails and other masters have replaced them, calls it again with those.
  Status with_masters(const std::function<Status(const Masters&)>& use, Deadline deadline);
  Result<Placement> placement(Deadline deadline);

  const std::string& url() const { return url_; }

 private:
  Deadline capped(Deadline deadline) const { return deadline.capped(operation_timeout_); }
  Result<std::vector<Reply>> checked(Result<std::vector<Reply>> replies, std::span<const Command> commands) const;

  const std::unique_ptr<Route> route_;
  const std::string url_;
  const Milliseconds operation_timeout_;
};

}  // namespace libcache::internal::redis
