// The address of one Redis server.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace libcache::internal::redis {

// A TCP host and port, or a unix socket.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  std::string socket_path;  // if not empty, a unix socket

  // "host:port" or the path, for messages.
  std::string name() const;
  auto operator<=>(const Endpoint&) const = default;
};

}  // namespace libcache::internal::redis
