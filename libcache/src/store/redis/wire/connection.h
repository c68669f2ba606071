// The folder `wire`: one connection to one Redis server.
//
// From the bottom up: an endpoint is resolved to addresses (resolve), a socket connects to one of them (socket, tls),
// commands are sent as arrays of byte strings, replies are parsed within limits (reply), and error replies become
// errors (error). Nothing in this folder knows what a command means, sends anything twice or knows about other servers.
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

// A command's name and arguments. The views must outlive the call that the command is passed to.
using Command = std::vector<std::string_view>;

// How every connection of a store is opened.
struct ConnectionOptions {
  std::string user;
  std::optional<std::string> password;
  int database = 0;
  bool only_master = false;                          // opening fails (unavailable) if the server is a replica
  bool reads_replicas = false;                       // sends READONLY, so that a replica of a cluster answers reads
  bool password_is_optional = false;                 // a server that rejects the password is used without it
  std::shared_ptr<std::once_flag> password_warning;  // one warning per store if a server needs no password
  std::string client_name;
  std::shared_ptr<const TlsContext> tls;  // null: no TLS
  std::optional<Milliseconds> read_timeout;
  std::optional<Milliseconds> write_timeout;
  EventHandler on_event;
};

// For one thread at a time. Messages name the server, never the password.
class Connection {
 public:
  // Connects, authenticates and selects the database. Fails: unavailable, timeout, refused.
  static Result<Connection> open(const Endpoint& endpoint, const ConnectionOptions& options, Deadline deadline);

  // Sends all commands at once and reads their replies, which may be error replies. After a failure the connection is
  // broken, and the server may have executed some of the commands.
  Result<std::vector<Reply>> run(std::span<const Command> commands, Deadline deadline);

  // Sends all commands at once, without waiting: a connection that cannot take them at once is broken then. Their replies
  // are read and ignored later.
  void post(std::span<const Command> commands);

  // Makes a run() that is waiting in another thread fail at once. The connection is broken then.
  void interrupt() { socket_.shut_down(); }

  // Whether the connection appears usable, checked without sending anything.
  bool is_usable();
  bool is_broken() const { return broken_; }

 private:
  Connection(Socket socket, std::string server, const ConnectionOptions& options);
  Status introduce(const ConnectionOptions& options, Deadline deadline);
  Result<Reply> read_reply(Deadline deadline);
  Status read_posted(Deadline deadline);
  tl::unexpected<Error> broken(const Error& error);
  tl::unexpected<Error> failed_to_send(const Error& error, Deadline deadline);

  Socket socket_;
  ReplyParser parser_;
  std::string server_;  // for messages
  std::optional<Milliseconds> read_timeout_;
  std::optional<Milliseconds> write_timeout_;
  std::size_t unread_ = 0;       // replies to posted commands
  bool may_expect_tls_ = false;  // a plain TCP connection on which the server has not replied yet
  bool broken_ = false;
};

// The error that an error reply to `command` stands for. `server` is a name or a redacted URL.
Error error_of(const Reply& reply, std::string_view command, std::string_view server);

// Fails with the first error reply, if there is one. `replies` belong to `commands` in the same order.
Status check(std::span<const Command> commands, std::span<const Reply> replies, std::string_view server);

}  // namespace libcache::internal::redis
