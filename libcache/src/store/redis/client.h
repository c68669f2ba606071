// Commands to wherever they belong, with error replies as errors and each call within the operation's time.
#pragma once

#include <libcache/store.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/routing/route.h"

namespace libcache::internal::redis {

// Thread-safe. Every function fails as Node::run does, and as the first error reply says.
class Client {
 public:
  Client(std::unique_ptr<Route> route, std::string url, Milliseconds operation_timeout);

  // A command on a key (key_of).
  Result<Reply> run(const Command& command, Repeat repeat, Deadline deadline);
  // A command to one server.
  Result<Reply> run_at(Node& node, const Command& command, Deadline deadline);
  // Several commands with keys, in pipelines. The replies may be error replies.
  Result<std::vector<Reply>> run_all(std::span<const Command> commands, Repeat repeat, Deadline deadline);

  // Commands that only make sense on one connection, to the server that has `key`.
  Status on_one_connection(std::string_view key, const std::function<Status(Connection&)>& use, Deadline deadline);

  Result<Masters> masters(Deadline deadline);
  // Calls `use` with the masters. Where it fails and others have taken their place, calls it once more with those.
  Status with_masters(const std::function<Status(const Masters&)>& use, Deadline deadline);
  Result<Layout> layout(Deadline deadline);

  // An error reply to a command.
  tl::unexpected<Error> refused(const Reply& reply, const Command& command) const;
  // The store's URL without its password.
  const std::string& url() const { return url_; }

 private:
  Deadline capped(Deadline deadline) const { return deadline.capped(operation_timeout_); }
  Result<Reply> only(Result<std::vector<Reply>> replies, const Command& command) const;

  const std::unique_ptr<Route> route_;
  const std::string url_;
  const Milliseconds operation_timeout_;
};

}  // namespace libcache::internal::redis
