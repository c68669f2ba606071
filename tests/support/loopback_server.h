// What all servers that tests implement themselves have in common.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace support {

// A socket; closed when destroyed.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  int get() const { return number_; }

 private:
  int number_;
};

// Connects to a loopback port. Negative if nothing listens there.
int connect_to_loopback(std::uint16_t port);

// Makes close() send a reset rather than an end of file.
void reset_on_close(int socket);

// Sends all of `size` bytes. False: the peer has closed the connection.
bool send_all(int socket, const char* bytes, std::size_t size);

// Reads until the peer closes the connection, and sends nothing.
void ignore_everything(int socket);

// Accepts connections on a loopback port and serves each of them on its own thread. The destructor shuts down every
// connection, which must end its `serve`.
class LoopbackServer {
 public:
  using Serve = std::function<void(int socket)>;
  explicit LoopbackServer(Serve serve);
  ~LoopbackServer();

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void accept_all();
  void serve_one(int socket);

  Serve serve_;
  Descriptor listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  bool stopping_ = false;
  std::set<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace support
