// How to reach a Redis or Valkey, besides where it is.
#pragma once

#include <libcache/export.h>
#include <libcache/time.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

namespace libcache LIBCACHE_EXPORT {

/// Whom to trust on a TLS connection, and who we are. The server's certificate is verified for its host name or IP
/// address. A file that cannot be used fails (invalid) when the store is opened.
struct TlsOptions {
  std::filesystem::path ca_file = {};       ///< PEM; with neither this nor a directory: the system's authorities
  std::filesystem::path ca_directory = {};  ///< as openssl-rehash(1) makes it
  std::filesystem::path certificate = {};   ///< our own, PEM; together with its key
  std::filesystem::path key = {};
  std::string server_name = {};  ///< asked for (SNI) and verified in place of the URL's host
  std::string ciphers = {};      ///< for TLS 1.2, as openssl-ciphers(1) has them
  bool insecure = false;         ///< accepts any certificate
};

/// How many connections are kept to each server.
struct PoolOptions {
  std::size_t size = 10;     ///< open at one time (at least 1); more callers than that wait for one
  std::size_t min_idle = 0;  ///< unused ones that are kept however long they have been idle
  std::size_t max_idle = 10;
  std::optional<Milliseconds> max_idle_time = std::chrono::minutes(30);
  std::optional<Milliseconds> max_lifetime = {};
};

struct RedisOptions {
  /// In place of the URL's.
  std::optional<std::string> user = {};
  std::optional<std::string> password = {};
  /// What the server lists us as (CLIENT LIST). No spaces.
  std::string client_name = "llmcache";
  TlsOptions tls = {};
  PoolOptions pool = {};
  /// Bounds on one step, besides the call's own deadline: opening a connection (name lookup, TLS and AUTH included), one
  /// verb or one batch of a scan, and within that sending and each reply.
  Milliseconds connect_timeout{250};
  Milliseconds operation_timeout{2000};
  std::optional<Milliseconds> read_timeout = {};
  std::optional<Milliseconds> write_timeout = {};
  /// How often a command whose connection cannot be opened, or is lost before the reply, is sent again at once over
  /// another one, where doing it twice does no harm.
  unsigned retries = 1;
  /// After so many failures in a row a server is left alone for the pause: calls fail (unavailable) at once. Then one
  /// call tries it again.
  unsigned breaker_failures = 5;
  Milliseconds breaker_pause{1000};
};

}  // namespace libcache LIBCACHE_EXPORT
