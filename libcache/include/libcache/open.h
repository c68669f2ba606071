// Opens the stores that come with the library.
#pragma once

#include <libcache/event.h>
#include <libcache/export.h>
#include <libcache/redis_options.h>
#include <libcache/result.h>
#include <libcache/store.h>
#include <libcache/store_url.h>
#include <libcache/time.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace libcache LIBCACHE_EXPORT {

/// The options of a store, besides its URL.
struct StoreOptions {
  /// Bytes that an embedded store may use on disk or in memory. It evicts the least recently used values beyond that.
  /// 0: no limit.
  std::uint64_t max_size = 5ULL << 30;
  /// Fail (refused) on a damaged database file instead of moving it aside and creating a new one.
  bool strict = false;
  /// An embedded store creates and changes no file, except that counts are added to statistics that exist: for programs
  /// that only look up. (With ?read_only=1 in its URL it does not count either.)
  bool only_reads = false;
  /// dir: the directory in which its processes find each other's flights, created with mode 0700. Empty:
  /// /tmp/llmcache-UID.
  std::filesystem::path runtime_directory = {};
  /// dir: the directory in which statistics are kept, created with mode 0700. Empty: none are kept.
  std::filesystem::path state_directory = {};
  Clock clock = system_now;
  EventHandler on_event = {};
  RedisOptions redis = {};
};

/// Opens the store that `url` names. An embedded store does no I/O here: its file is opened at its first use and
/// created by its first put. Fails: invalid, for TLS options that cannot be used; not_supported, for a kind of store
/// that this build does not have.
[[nodiscard]] Result<std::unique_ptr<Store>> open_store(const StoreUrl& url, const StoreOptions& options = {});

/// Several stores combined, near ones before far ones:
/// - A read asks them in order. A value found in a farther store is copied to the nearer ones for the time that it has
///   left. A store that fails is skipped, but then a miss in all others is a failure and not a miss.
/// - Writes and removals go to all stores that are not read-only. The farthest one decides about `only_new`.
/// - A change that others make in a far store does not reach a near copy until that copy expires.
/// Fails as open_store() does; invalid without any URL.
[[nodiscard]] Result<std::unique_ptr<Store>> open_stores(std::span<const StoreUrl> near_to_far,
                                                         const StoreOptions& options = {});

}  // namespace libcache LIBCACHE_EXPORT
