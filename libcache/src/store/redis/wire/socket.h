// A byte stream to one server, plain or TLS, on which nothing outlasts its deadline.
#pragma once

#include <libcache/result.h>
#include <libcache/time.h>

#include <optional>
#include <span>
#include <string_view>

#include "store/redis/wire/endpoint.h"
#include "store/redis/wire/tls.h"

namespace libcache::internal::redis {

// Owns a connected socket whose calls block for a moment at most. The time left is looked at before each of them, so
// that a peer that drips one byte a second gains nothing by it. One thread at a time. All failures but invalid leave it
// unusable.
class Socket {
 public:
  // Connects, and shakes hands if there is a TLS context. Fails: unavailable, timeout, refused.
  static Result<Socket> connect(const Endpoint& endpoint, const TlsContext* tls, Deadline deadline);
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  // Sends all of `bytes`.
  Status send(std::string_view bytes, Deadline deadline);
  // Waits for at least one byte; how many came.
  Result<std::size_t> receive(std::span<char> buffer, Deadline deadline);
  // Whether the peer has neither closed the connection nor sent anything that nobody waits for.
  bool is_quiet() const;

 private:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Status shake_hands(const TlsContext& tls, const std::string& host, Deadline deadline);
  Status wait(short events, Deadline deadline) const;
  Result<Progress> try_send(std::string_view bytes);
  Result<Progress> try_receive(std::span<char> buffer);

  int descriptor_ = -1;
  std::optional<TlsSession> tls_;
};

}  // namespace libcache::internal::redis
