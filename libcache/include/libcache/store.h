// Where entries live: a few verbs on opaque bytes. A store knows names and bytes, never keys or entries, so a new store
// does not touch the format and a new format does not touch a store.
//
// Contract, the same for every store and checked by one conformance suite (tests/stores):
// - Every verb takes a Deadline and is over, well or not, soon after it; one that has passed already is a timeout.
// - A name that is not there is no error. A store may forget early (eviction) and never answers late or torn.
// - Names are compared as bytes; no character in a name or prefix is special.
// - All functions may be called from several threads at once.
#pragma once

#include <libcache/event.h>
#include <libcache/export.h>
#include <libcache/redis_options.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

/// How put() writes.
struct PutOptions {
  /// When the store may drop the value by itself; nothing: never. A hint that saves space, not the rule on expiry.
  std::optional<UnixTime> expires = {};
  /// Leaves a value that is already there (and has not expired) as it is.
  bool only_new = false;
};

/// One row of a scan.
struct Listing {
  std::string name;
  std::uint64_t size = 0;  ///< bytes of the whole value
  std::optional<UnixTime> expires;
  std::string head;  ///< the value's first bytes, as many as were asked for
};

class Store {
 public:
  virtual ~Store() = default;

  /// The value under `name`, or nothing.
  [[nodiscard]] virtual Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) = 0;
  /// Writes the value under `name`, whole or not at all. False: `only_new` held and a value was there.
  [[nodiscard]] virtual Result<bool> put(std::string_view name, std::string_view value, const PutOptions& options,
                                         Deadline deadline) = 0;
  /// Gets ready for a put that is likely to come soon, for callers that have time until then. What goes wrong shows in
  /// the put.
  virtual void prepare_put(Deadline /*deadline*/) {}
  /// Removes values; how many were there.
  [[nodiscard]] virtual Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline) = 0;

  /// Calls `visit` once for each name that starts with `prefix` and stood throughout the scan (one that came or went
  /// meanwhile may be missed or shown), with the first `head_bytes` of its value. The visitor may use the store, and
  /// ends the scan by returning false. Order: unspecified.
  using Visitor = std::function<Result<bool>(const Listing&)>;
  [[nodiscard]] virtual Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit,
                                    Deadline deadline) = 0;

  /// Whether the store can answer at all.
  [[nodiscard]] virtual Status ping(Deadline deadline) = 0;
};

/// What a store URL names, parsed and checked without any I/O.
struct StoreUrl {
  enum class Kind { memory, sqlite, redis, redis_unix, redis_cluster, redis_sentinel };
  struct Host {
    std::string name;
    std::uint16_t port = 0;
    bool operator==(const Host&) const = default;
  };
  Kind kind = Kind::sqlite;
  bool tls = false;
  std::filesystem::path path;  ///< sqlite: the database file (empty: the caller's default); redis_unix: the socket
  std::vector<Host> hosts;
  std::string user;
  std::optional<std::string> password;
  std::string master_name;  ///< redis_sentinel
  int database = 0;
  bool read_only = false;           ///< ?read_only=1
  bool read_from_replicas = false;  ///< redis_cluster: ?read_from=replicas. What was just written may not be found yet.

  /// sqlite:PATH, memory:, redis://, rediss://, redis+unix://, redis+cluster://, rediss+cluster://, redis+sentinel://,
  /// rediss+sentinel://, and the same with valkey. User and password are percent-decoded. Fails: invalid, with any
  /// password in the message replaced by ***.
  [[nodiscard]] static Result<StoreUrl> parse(std::string_view url);
  /// The URL again, its password as ***: for messages and listings.
  std::string redacted() const;
  /// Whether it is a server that is not surely on this machine.
  bool is_remote() const;
};

/// What a store needs to know besides where it is.
struct StoreOptions {
  /// Bytes that an embedded store may take on disk (or in memory); it evicts the least recently used beyond. 0: no
  /// bound.
  std::uint64_t max_size = 5ULL << 30;
  /// Fail (refused) on a damaged database file instead of setting it aside and beginning a fresh one.
  bool strict = false;
  Clock clock = system_now;
  EventHandler on_event = {};
  RedisOptions redis = {};
};

/// Opens the store that `url` names. For an embedded store this does no I/O: the file is opened at its first use, and
/// created at its first write. Fails: not_supported, for a kind of store that this build does not have.
[[nodiscard]] Result<std::unique_ptr<Store>> open_store(const StoreUrl& url, const StoreOptions& options = {});

/// One store out of several, near ones before far ones. Reads ask them in turn, and leave what a farther one had in the
/// nearer ones for as long as it has left there; one that fails is passed over, but then what no other has is a failure
/// and no miss. Writes and removals go to all that are not read-only; the farthest decides on `only_new`. What others
/// change in a far store stays in a near one until it expires there. Fails as open_store does; invalid without any URL.
[[nodiscard]] Result<std::unique_ptr<Store>> open_stores(std::span<const StoreUrl> near_to_far,
                                                         const StoreOptions& options = {});

}  // namespace libcache LIBCACHE_EXPORT
