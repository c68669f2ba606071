// Starts real Redis servers for tests, on free loopback ports and with their own directories.
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
  // More options, as on redis-server's command line: {"--requirepass", "secret"}.
  std::vector<std::string> arguments = {};
  bool tls = false;                         // the TCP port accepts only TLS, with the certificates below
  std::filesystem::path certificates = {};  // contains server.crt, server.key and ca.crt
  std::string password = {};                // for command(), if the server requires one
  std::string sentinel = {};                // if not empty, a sentinel with this configuration file
  bool cluster = false;                     // a server in cluster mode, which does not know other servers yet
};

// A running server. Throws std::runtime_error if it cannot be started.
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

  // Runs a command on a separate connection and returns the reply as text: an array as one line per element, an error
  // after a "-".
  std::string command(const std::vector<std::string>& arguments);
  // Whether the reply to a command contains a text.
  bool replies(const std::vector<std::string>& arguments, const std::string& text) {
    return command(arguments).find(text) != std::string::npos;
  }

  // Sends a command without waiting for the reply. No command() may follow.
  void send(const std::vector<std::string>& arguments);

  void send_signal(int signal) { process_->send_signal(signal); }
  void kill() { process_->kill(); }
  // Kills it and starts it again with the same port, the same data and more options.
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
