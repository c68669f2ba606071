// A proxy that disturbs the data that a server sends.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "support/loopback_server.h"

namespace support {

// What the proxy does to the bytes that a server sends.
struct Toxic {
  enum class Kind {
    none,
    silent,   // nothing arrives until the proxy is healed
    latency,  // each piece arrives after `delay`
    drip,     // one byte arrives after each `delay`
    cut,      // `bytes` arrive, then the connection is closed
    reset,    // `bytes` arrive, then the connection is reset
  };
  Kind kind = Kind::none;
  std::chrono::milliseconds delay{0};
  std::size_t bytes = 0;
};

class ToxicProxy {
 public:
  // Forwards everything to a loopback port.
  explicit ToxicProxy(std::uint16_t server) : server_(server), listener_([this](int socket) { serve(socket); }) {}

  std::uint16_t port() const { return listener_.port(); }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port()); }
  int connections() const { return listener_.connections(); }

  // From now on disturbs this many answers, on existing and new connections; all of them if negative.
  void spoil(Toxic toxic, int answers = -1);
  void heal() { spoil({}); }

 private:
  void serve(int client);
  bool forward(const std::string& answer, int client);
  Toxic next_toxic();
  bool is_silent();

  const std::uint16_t server_;
  std::mutex mutex_;
  Toxic toxic_;
  int answers_ = -1;
  LoopbackServer listener_;
};

}  // namespace support
