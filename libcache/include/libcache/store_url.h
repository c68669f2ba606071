// Store URLs, such as sqlite:PATH and redis://HOST:PORT: parsed and checked without any I/O.
#pragma once

#include <libcache/export.h>
#include <libcache/result.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

/// Where a store is. A value; open_store() opens it.
struct StoreUrl {
  enum class Kind { memory, sqlite, dir, redis, redis_unix, redis_cluster, redis_sentinel };
  struct Host {
    std::string name;
    std::uint16_t port = 0;
    bool operator==(const Host&) const = default;
  };
  Kind kind = Kind::sqlite;
  bool tls = false;
  std::filesystem::path path;  ///< sqlite: the database file (empty: the caller's default); dir; redis_unix: the socket
  std::vector<Host> hosts;
  std::string user;
  std::optional<std::string> password;
  std::string master_name;  ///< redis_sentinel
  int database = 0;
  bool read_only = false;           ///< ?read_only=1: nothing is written, and no file is created or changed
  bool read_from_replicas = false;  ///< redis_cluster: ?read_from=replicas. May miss what has just been written.

  /// Parses sqlite:PATH, dir:PATH, memory:, redis://, rediss://, redis+unix://, redis+cluster://, rediss+cluster://,
  /// redis+sentinel://, rediss+sentinel://, and the same with valkey. User and password are percent-decoded. Fails:
  /// invalid, with any password in the message replaced by ***.
  [[nodiscard]] static Result<StoreUrl> parse(std::string_view url);
  /// The URL again, with *** for its password: for messages and listings.
  std::string redacted() const;
  /// Whether it is a server that may be on another machine.
  bool is_remote() const;
};

}  // namespace libcache LIBCACHE_EXPORT
