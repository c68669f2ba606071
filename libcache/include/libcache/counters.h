// What a cache counts.
#pragma once

#include <libcache/answer.h>
#include <libcache/export.h>
#include <libcache/statistics.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace libcache LIBCACHE_EXPORT {

/// Why a lookup found no answer.
/// policy: this cache's policy would not store the entry, such as an error that another program accepted. rejected: see
/// Cache::reject().
enum class MissReason { none, absent, expired, corrupt, collision, incomplete, policy, rejected };
inline constexpr std::size_t kMissReasons = 8;
std::string_view to_string(MissReason reason);

/// Each lookup, and each fill that may use a stored answer, is counted once: as a hit, a miss, followed or failed.
struct Counters {
  std::uint64_t hits = 0;
  std::array<std::uint64_t, kMissReasons> misses{};  ///< by MissReason
  std::uint64_t followed = 0;                        ///< fills that followed another caller
  std::uint64_t failed_lookups = 0;                  ///< the store failed
  std::uint64_t stored = 0;
  std::array<std::uint64_t, kRefusals> refused{};  ///< answers that were not stored, by Refusal
  std::uint64_t dropped = 0;                       ///< background writes that were lost: queue full, or store failed
  std::uint64_t store_errors = 0;                  ///< failed calls of the store, of any kind

  std::uint64_t hit_bytes = 0;     ///< of the answers that hits found
  std::uint64_t stored_bytes = 0;  ///< of the entries that were written, as encoded
  // What the answers that hits found had cost when they were produced, as far as they say so (Entry::cost).
  std::uint64_t prompt_tokens = 0;
  std::uint64_t cached_tokens = 0;  ///< of the prompt's
  std::uint64_t completion_tokens = 0;
  std::uint64_t saved_ms = 0;

  Counters& operator+=(const Counters& other);
  bool operator==(const Counters&) const = default;
};

/// The counters under the names that statistics keep them by, without those that are 0: the names above, with
/// "misses_" and "refused_" before a reason. These names never change meaning.
StatisticsRow::Counts to_counts(const Counters& counters);
/// The reverse. Ignores names that it does not know.
Counters to_counters(const StatisticsRow::Counts& counts);

}  // namespace libcache LIBCACHE_EXPORT
