// TLS over a connected socket, with an SSL object of our own: hiredis checks no host name, and writes to a closed
// connection in a way that raises SIGPIPE.
#pragma once

#include <libcache/redis_options.h>
#include <libcache/result.h>
#include <openssl/types.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace libcache::internal::redis {

// What one attempt to move bytes came to: some were moved, or the socket must first become ready.
struct Progress {
  std::size_t bytes = 0;
  short wait_for = 0;  // POLLIN or POLLOUT, where nothing was moved
};

// Certificates, keys and ciphers, loaded once for all connections of a store. Thread-safe.
class TlsContext {
 public:
  // Fails (invalid) for a file or cipher list that cannot be used.
  static Result<TlsContext> create(const TlsOptions& options);

 private:
  friend class TlsSession;
  struct Free {
    void operator()(SSL_CTX* context) const;
  };
  std::unique_ptr<SSL_CTX, Free> context_;
  std::string server_name_;
  bool insecure_ = false;
};

// One connection's session. One thread at a time. Does not own the socket.
class TlsSession {
 public:
  // A session that will accept `host` (a name or an IP address) only.
  static Result<TlsSession> create(const TlsContext& context, int socket, const std::string& host);

  // Every function fails: refused, for a peer that cannot be verified or does not speak TLS; as code_of_errno does.
  Result<Progress> handshake();  // `bytes` is 1 when it is done
  Result<Progress> read(std::span<char> buffer);
  Result<Progress> write(std::string_view bytes);
  // Whether bytes have arrived that were not read.
  bool has_pending() const;

 private:
  struct Free {
    void operator()(SSL* session) const;
  };
  Result<Progress> progress(int result, std::size_t bytes) const;
  std::unique_ptr<SSL, Free> session_;
};

}  // namespace libcache::internal::redis
