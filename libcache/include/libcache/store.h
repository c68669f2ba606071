// The contract of a store: a few functions on named values, which are opaque bytes. Stores and the format of entries
// are independent of each other: either can change without the other.
//
// Open one with open_store() (open.h), or derive from Store. Only the first group of functions has to be implemented;
// the others have defaults that use it. Every store guarantees this, and one conformance suite (tests/stores) checks
// it:
// - Every function takes a Deadline and returns soon after it, with or without success. A deadline that has passed
//   already is a timeout, unless there is nothing to do: for no names or values, or where a size is not known.
// - A missing name is not an error. A store may forget a value early (eviction) but never returns an old or torn one.
// - Names are compared as bytes; no character in a name or prefix is special.
// - All functions may be called from several threads at once.
//
// Which errors a function may return:
//
//   function            timeout  unavailable  refused  policy
//   get, get_all        yes      yes          yes      -
//   put, put_all        yes      yes          yes      the value is larger than the store takes
//   remove              yes      yes          yes      -
//   scan, look_up       yes      yes          yes      - (but scan returns the visitor's error as it is)
//   ping                yes      yes          yes      -
//
//   timeout      the deadline passed, or another process kept the store locked; a retry may help
//   unavailable  the server cannot be reached, closed the connection or is busy; a retry may help
//   refused      an operator must act: credentials, permissions, a full disk, a file that is damaged or is not a
//                database of llmcache, a read-only store
//
// No function returns corrupt: a store does not read its values, so the reader of a value detects damage in it.
#pragma once

#include <libcache/export.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

class Flights;            // flight.h
struct DiagnosisOptions;  // diagnosis.h
struct Finding;
class Statistics;  // statistics.h

/// How put() writes.
struct PutOptions {
  /// When the store may drop the value by itself; nullopt: never. Saves space; a reader still checks an entry's own
  /// expiry.
  std::optional<UnixTime> expires = {};
  /// Leaves an existing value (that has not expired) as it is.
  bool only_new = false;
};

/// One row of a scan: what a store tells about a value without its bytes.
struct ScanRow {
  std::string name;
  std::uint64_t size = 0;  ///< bytes of the whole value
  std::optional<UnixTime> expires;
  std::string head;  ///< the value's first bytes, as many as were asked for
};

/// A value and when its store drops it; nullopt: never.
struct StoredValue {
  std::string bytes;
  std::optional<UnixTime> expires;
};

struct NamedValue {
  std::string name;
  std::string bytes;
};

/// The number and size of the values that were removed.
struct Removed {
  std::uint64_t values = 0;
  std::uint64_t bytes = 0;  ///< of the values
};

/// How much a store holds, with values that have expired and have not been removed yet.
struct StoreSize {
  std::uint64_t values = 0;
  std::uint64_t bytes = 0;  ///< that they take on disk
};

class Store {
 public:
  virtual ~Store() = default;

  /// The value of `name`; nullopt if there is none.
  [[nodiscard]] virtual Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) = 0;
  /// Writes the value of `name`, whole or not at all. Returns false if `only_new` is set and a value exists.
  [[nodiscard]] virtual Result<bool> put(std::string_view name, std::string_view value, const PutOptions& options,
                                         Deadline deadline) = 0;
  /// Removes values. Returns how many existed. After an error some may have been removed.
  [[nodiscard]] virtual Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline) = 0;

  /// Calls `visit` once for each name that starts with `prefix` and exists throughout the scan (one that is written or
  /// removed meanwhile may or may not be shown), with the first `head_bytes` of its value, in no particular order. The
  /// visitor may use the store. It ends the scan by returning false; its error becomes the scan's.
  using Visitor = std::function<Result<bool>(const ScanRow&)>;
  [[nodiscard]] virtual Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit,
                                    Deadline deadline) = 0;

  /// Whether the store can answer at all.
  [[nodiscard]] virtual Status ping(Deadline deadline) = 0;

  // The following functions have defaults. A store overrides those that it can do better.

  /// Prepares for a put that is likely to come soon, while the caller has time. Errors show in that put. By default
  /// does nothing.
  virtual void prepare_put(Deadline /*deadline*/) {}

  /// get() of each name, in the same order, with expiry. Returns the first error. By default calls get() and look_up()
  /// for each.
  [[nodiscard]] virtual Result<std::vector<std::optional<StoredValue>>> get_all(std::span<const std::string> names,
                                                                                Deadline deadline);
  /// put() of each value, in order within one server. After an error some may have been written. By default calls put()
  /// for each.
  [[nodiscard]] virtual Status put_all(std::span<const NamedValue> values, std::optional<UnixTime> expires,
                                       Deadline deadline);

  /// The row of a scan for `name`; nullopt if it does not exist. By default scans the names that start with `name`.
  [[nodiscard]] virtual Result<std::optional<ScanRow>> look_up(std::string_view name, std::size_t head_bytes,
                                                               Deadline deadline);

  /// When the value of `name` expired, if it has and the store still knows that; for messages. By default nullopt.
  [[nodiscard]] virtual Result<std::optional<UnixTime>> expired_at(std::string_view /*name*/, Deadline /*deadline*/) {
    return std::optional<UnixTime>();
  }

  /// scan() of at most `count` values, those that were used or written last first if the store keeps an order of use.
  /// By default those that scan() shows first.
  [[nodiscard]] virtual Status scan_recent(std::string_view prefix, std::size_t count, const Visitor& visit,
                                           Deadline deadline);

  /// Removes the values that are still as a scan has shown them: the same size, the same expiry (give or take a second)
  /// and the same head. Values that were written since then stay. By default looks at each value again and then calls
  /// remove(), so a write between the two is lost.
  [[nodiscard]] virtual Result<Removed> remove_unchanged(std::span<const ScanRow> rows, Deadline deadline);

  /// The flights of this store; nullptr if it has none. Owned by the store.
  virtual Flights* flights() { return nullptr; }

  /// How much the store holds; nullopt if it would have to search for that. By default nullopt.
  [[nodiscard]] virtual Result<std::optional<StoreSize>> size(Deadline /*deadline*/) {
    return std::optional<StoreSize>();
  }

  /// The statistics of this store; nullptr if it keeps none. Owned by the store.
  virtual Statistics* statistics() { return nullptr; }

  /// Checks the store and the services it depends on, for its operator. Never fails: a check that cannot be done is
  /// also a finding. By default only pings.
  [[nodiscard]] virtual std::vector<Finding> diagnose(const DiagnosisOptions& options, Deadline deadline);
};

}  // namespace libcache LIBCACHE_EXPORT
