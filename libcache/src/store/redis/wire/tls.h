// TLS over a connected socket. OpenSSL is used directly, because hiredis does not verify host names and because its
// writes to a closed connection raise SIGPIPE.
#pragma once

#include <libcache/redis_options.h>
#include <libcache/result.h>
#include <openssl/types.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace libcache::internal::redis {

// The result of one attempt to move bytes.
struct Transfer {
  std::size_t bytes = 0;
  short wait_for = 0;  // if nothing was moved: POLLIN or POLLOUT, which the socket must be ready for first
};

// Certificates, keys and ciphers, loaded once for all connections of a store. Thread-safe.
class TlsContext {
 public:
  // Fails (invalid) if a file or the cipher list cannot be used.
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

// The TLS session of one connection. Does not own the socket. For one thread at a time.
class TlsSession {
 public:
  // A session that accepts only a certificate for `host` (a name or an IP address).
  static Result<TlsSession> create(const TlsContext& context, int socket, const std::string& host);

  // Each of these fails (refused) if the peer cannot be verified or does not speak TLS, and as code_of_errno says.
  Result<Transfer> handshake();  // `bytes` is 1 when it is done
  Result<Transfer> read(std::span<char> buffer);
  Result<Transfer> write(std::string_view bytes);
  // Whether received bytes have not been read yet.
  bool has_pending() const;

 private:
  struct Free {
    void operator()(SSL* session) const;
  };
  Result<Transfer> result_of(int result, std::size_t bytes) const;
  std::unique_ptr<SSL, Free> session_;
};

}  // namespace libcache::internal::redis
