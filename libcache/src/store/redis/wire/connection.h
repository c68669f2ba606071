// One connection to one server: commands as byte strings in, replies out, within a deadline. Knows nothing of what the
// commands mean, or of other servers.
#pragma once

#include <libcache/event.h>
#include <libcache/redis_options.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/wire/reply.h"
#include "store/redis/wire/socket.h"

namespace libcache::internal::redis {

// A command's name and arguments. The views must outlive the call that it is passed to.
using Command = std::vector<std::string_view>;

// How every connection of a store is opened.
struct ConnectionOptions {
  std::string user;
  std::optional<std::string> password;
  int database = 0;
  bool only_master = false;                          // fails (unavailable) on a server that is not one
  bool reads_replicas = false;                       // asks a replica in a cluster to answer reads
  bool password_is_optional = false;                 // goes on without where it is not accepted
  std::shared_ptr<std::once_flag> password_warning;  // of a server that asks for none: once in a store
  std::string client_name;
  std::shared_ptr<const TlsContext> tls;  // nothing: plain
  std::optional<Milliseconds> read_timeout;
  std::optional<Milliseconds> write_timeout;
  EventHandler on_event;
};

// One thread at a time. Messages name the server, never the password.
class Connection {
 public:
  // Connects, authenticates and selects the database. Fails: unavailable, timeout, refused.
  static Result<Connection> open(const Endpoint& endpoint, const ConnectionOptions& options, Deadline deadline);

  // Sends all commands at once and reads their replies, which may be error replies. After a failure the connection is
  // broken, and some commands may have been carried out.
  Result<std::vector<Reply>> run(std::span<const Command> commands, Deadline deadline);

  // Whether it can be used again, as far as can be seen without sending anything.
  bool is_usable() const { return !broken_ && socket_.is_quiet(); }
  bool is_broken() const { return broken_; }

 private:
  Connection(Socket socket, std::string server, const ConnectionOptions& options);
  Status introduce(const ConnectionOptions& options, Deadline deadline);
  Result<Reply> read_reply(Deadline deadline);
  tl::unexpected<Error> broken(const Error& error);
  tl::unexpected<Error> hung_up(const Error& error, Deadline deadline);

  Socket socket_;
  ReplyParser parser_;
  std::string server_;  // for messages
  std::optional<Milliseconds> read_timeout_;
  std::optional<Milliseconds> write_timeout_;
  bool broken_ = false;
};

// An error reply to `command` as an error; `server` is a name or a redacted URL.
Error error_of(const Reply& reply, std::string_view command, std::string_view server);

}  // namespace libcache::internal::redis
