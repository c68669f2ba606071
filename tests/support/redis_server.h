// Real Redis servers for tests, on free loopback ports and with directories of their own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/process.h"
#include "support/temporary_directory.h"

struct redisContext;

namespace support {

struct RedisOptions {
  // Further options, as on redis-server's command line: {"--requirepass", "secret"}.
  std::vector<std::string> arguments = {};
  bool tls = false;                         // its TCP port speaks TLS only, with the certificates of `certificates`
  std::filesystem::path certificates = {};  // holds server.crt, server.key and ca.crt
  std::string password = {};                // for command(), where the server asks for one
  std::string sentinel = {};                // not empty: a sentinel, with these lines in its configuration file
  bool cluster = false;                     // a server of a cluster, not yet with others
};

// A running server. Throws std::runtime_error where it cannot be started.
class RedisServer {
 public:
  explicit RedisServer(RedisOptions options = {});
  ~RedisServer();

  std::uint16_t port() const { return port_; }
  std::uint16_t bus_port() const { return bus_port_; }
  std::filesystem::path socket_path() const { return directory_->path() / "redis.sock"; }
  const std::filesystem::path& directory() const { return directory_->path(); }
  // redis://127.0.0.1:PORT, or rediss://.
  std::string url() const;

  // Sends a command over a connection of its own, past everything that is under test. The reply as text: an array's
  // elements a line each, an error behind "-".
  std::string command(const std::vector<std::string>& arguments);

  // The same without waiting for the reply; no command() may follow.
  void send(const std::vector<std::string>& arguments);

  void send_signal(int signal) { process_->send_signal(signal); }
  void kill() { process_->kill(); }
  // Starts it again on the same port, with the same data directory and other options if there are any.
  void restart(const std::vector<std::string>& further = {});

 private:
  void append(const std::vector<std::string>& arguments);
  void start();
  bool wait_until_up();

  RedisOptions options_;
  std::unique_ptr<TemporaryDirectory> directory_;
  std::uint16_t port_ = 0;
  std::uint16_t bus_port_ = 0;
  std::unique_ptr<Process> process_;
  std::unique_ptr<redisContext, void (*)(redisContext*)> control_;
};

}  // namespace support
