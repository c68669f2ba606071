// How to connect to a Redis or Valkey: credentials, TLS, connection pool, timeouts and retries.
#pragma once

#include <libcache/export.h>
#include <libcache/time.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

namespace libcache LIBCACHE_EXPORT {

/// TLS options. The server's certificate is verified, for its host name or IP address. If a file cannot be used, opening
/// the store fails (invalid).
struct TlsOptions {
  std::filesystem::path ca_file = {};       ///< CA certificates (PEM); without this and a directory, the system's
  std::filesystem::path ca_directory = {};  ///< CA certificates, as prepared by openssl-rehash(1)
  std::filesystem::path certificate = {};   ///< client certificate (PEM); needs `key`
  std::filesystem::path key = {};           ///< private key of the client certificate (PEM)
  std::string server_name = {};             ///< sent (SNI) and verified instead of the URL's host
  std::string ciphers = {};                 ///< for TLS 1.2, in the format of openssl-ciphers(1)
  bool insecure = false;                    ///< accepts every certificate
};

/// Size limits of the connection pool of each server.
struct PoolOptions {
  std::size_t size = 10;      ///< open at the same time, at least 1; further callers wait
  std::size_t min_idle = 0;   ///< idle connections that are kept regardless of max_idle_time
  std::size_t max_idle = 10;  ///< idle connections that are kept at most
  std::optional<Milliseconds> max_idle_time = std::chrono::minutes(30);  ///< nullopt: no limit
  std::optional<Milliseconds> max_lifetime = {};                         ///< nullopt: no limit
};

/// All options of a Redis store besides its URL.
struct RedisOptions {
  /// Used instead of the URL's.
  std::optional<std::string> user = {};
  std::optional<std::string> password = {};
  /// Our name in CLIENT LIST. No spaces.
  std::string client_name = "llmcache";
  TlsOptions tls = {};
  PoolOptions pool = {};
  /// Timeouts of single steps, which apply in addition to the deadline of a call.
  Milliseconds connect_timeout{250};               ///< opening a connection, with name lookup, TLS and AUTH
  Milliseconds operation_timeout{2000};            ///< one call, or one batch of a scan
  std::optional<Milliseconds> read_timeout = {};   ///< each reply
  std::optional<Milliseconds> write_timeout = {};  ///< sending each pipeline
  /// How often a command is sent again, on another connection, if its connection cannot be opened or is lost before the
  /// reply. Applies only to commands that may be executed twice.
  unsigned retries = 1;
  /// After this many failures in a row a server is not tried during the pause: calls fail (unavailable) at once. Then one
  /// call tries it again.
  unsigned breaker_failures = 5;
  Milliseconds breaker_pause{1000};
};

}  // namespace libcache LIBCACHE_EXPORT
