// A connected socket, plain or TLS, whose operations keep their deadlines.
#pragma once

#include <libcache/result.h>
#include <libcache/time.h>

#include <optional>
#include <span>
#include <string_view>

#include "store/redis/wire/endpoint.h"
#include "store/redis/wire/tls.h"

namespace libcache::internal::redis {

// Owns a connected socket. Each system call blocks for a moment at most and the deadline is checked before each of them,
// so a peer that sends one byte a second cannot exceed it. For one thread at a time. After a failure the socket is
// unusable.
class Socket {
 public:
  // Connects, with a TLS handshake if there is a TLS context. Fails: unavailable, timeout, refused.
  static Result<Socket> connect(const Endpoint& endpoint, const TlsContext* tls, Deadline deadline);
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  // Sends all of `bytes`. What the system takes at once is sent even if the deadline has passed.
  Status send(std::string_view bytes, Deadline deadline);
  // Waits for at least one byte. The number of bytes received.
  Result<std::size_t> receive(std::span<char> buffer, Deadline deadline);
  // Whether the peer has neither closed the connection nor sent anything unexpected.
  bool is_quiet() const;
  // Ends the connection. The only function that may be called while another thread uses the socket.
  void shut_down() const;

 private:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Status shake_hands(const TlsContext& tls, const std::string& host, Deadline deadline);
  Status wait(short events, Deadline deadline) const;
  Result<Transfer> try_send(std::string_view bytes);
  Result<Transfer> try_receive(std::span<char> buffer);

  int descriptor_ = -1;
  std::optional<TlsSession> tls_;
};

}  // namespace libcache::internal::redis
