// Statistics: what the caches of a store have done, kept with the store across processes and machines.
//
// They are an optional capability of a store (Store::statistics()), like flights. A store keeps numbers under names and
// does not know what they mean: counters.h says which counters a cache keeps.
#pragma once

#include <libcache/export.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

/// What was counted on one day for one model, session and endpoint. Each of the three may be empty, and is valid UTF-8.
/// Never a request or an answer.
struct StatisticsRow {
  using Counts = std::map<std::string, std::uint64_t, std::less<>>;
  std::chrono::sys_days day;  ///< of UTC
  std::string model;
  std::string session;
  std::string endpoint;
  Counts counts;  ///< by the names of counters; those that are missing are 0

  bool operator==(const StatisticsRow&) const = default;
};

/// Rows are kept for this long.
inline constexpr std::chrono::days kStatisticsAge{400};

/// Thread-safe, as every store is. A server keeps the statistics of each prefix apart, under names that begin with the
/// prefix; a file has no prefixes.
class Statistics {
 public:
  virtual ~Statistics() = default;
  /// Adds to what is kept. Statistics are worth no waiting and no error: a server's reply is not waited for, and what
  /// goes wrong is not reported. Returns false if nothing was added; the same rows may be added later.
  virtual bool add(std::string_view prefix, std::span<const StatisticsRow> rows, Deadline deadline) = 0;
  /// The rows since a day, sorted, with at most one for each day, model, session and endpoint. Fails as the store's
  /// functions do.
  [[nodiscard]] virtual Result<std::vector<StatisticsRow>> read(std::string_view prefix, std::chrono::sys_days since,
                                                                Deadline deadline) = 0;
  /// Forgets everything. Fails as the store's functions do.
  [[nodiscard]] virtual Status reset(std::string_view prefix, Deadline deadline) = 0;
};

}  // namespace libcache LIBCACHE_EXPORT
