// The sockets on which the server accepts clients: HOST:PORT, unix:PATH, and those that systemd passes on.
#pragma once

#include <sys/stat.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "event_loop.h"
#include "server/connection.h"

namespace llmcache::serve {

class Listener {
 public:
  // Binds and listens. Throws a Failure: usage, for a malformed address; refused, for an address that cannot be used.
  static std::unique_ptr<Listener> open(boost::asio::io_context& loop, const std::string& address);
  // The sockets of socket activation (sd_listen_fds(3)): LISTEN_FDS of them, if LISTEN_PID is this process.
  static std::vector<std::unique_ptr<Listener>> inherited(boost::asio::io_context& loop);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Nothing: a client could not be accepted, or the listener was closed.
  Awaitable<std::optional<Client>> accept();
  void close();

  // Whether clients on other machines can reach it.
  bool is_loopback() const { return is_loopback_; }
  bool is_unix() const { return is_unix_; }
  // "http://127.0.0.1:8090", or "unix:/run/llmcache.sock".
  std::string url(bool tls) const;

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol, LoopExecutor>;
  Listener(boost::asio::io_context& loop, int descriptor);

  Acceptor acceptor_;
  std::string socket_path_;    // of a unix socket that this process made
  struct stat socket_file_{};  // what it was when it was made
  std::string name_;           // host:port, or unix:path
  bool is_unix_ = false;
  bool is_loopback_ = true;
};

}  // namespace llmcache::serve
