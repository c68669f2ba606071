#include "store/sqlite_upkeep.h"

namespace libcache::sqlite {
namespace {

constexpr const char* kSweep =
    "DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE expires <= ?1 ORDER BY expires LIMIT 8)";
constexpr const char* kEvict =
    "DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE id <> ?1 ORDER BY used LIMIT 16)";
constexpr const char* kVacuum = "PRAGMA incremental_vacuum(500)";
constexpr std::int64_t kFewPages = 256;  // 1 MiB: not worth the trouble

}  // namespace

Upkeep::Upkeep(const Connection& connection)
    : sweep_(connection, kSweep),
      evict_(connection, kEvict),
      page_size_(connection, "PRAGMA page_size"),
      page_count_(connection, "PRAGMA page_count"),
      free_count_(connection, "PRAGMA freelist_count"),
      vacuum_(connection, kVacuum) {}

Outcome<void> Upkeep::sweep(UnixTime now) {
  return sweep_(now.time_since_epoch().count()).finish();
}

Outcome<bool> Upkeep::is_within(std::uint64_t max_size) {
  const auto size = page_size_.integer();
  if (!size) return pass_on(size);
  const auto all = page_count_.integer();
  if (!all) return pass_on(all);
  const auto free = free_count_.integer();
  if (!free) return pass_on(free);
  return static_cast<std::uint64_t>((*all - *free) * *size) <= max_size;
}

Outcome<void> Upkeep::evict(std::uint64_t max_size, std::int64_t kept) {
  constexpr int kMostBatches = 64;
  for (int batch = 0; batch < kMostBatches; ++batch) {
    const auto within = is_within(max_size);
    if (!within) return pass_on(within);
    if (*within) break;
    if (auto evicted = evict_(kept).finish(); !evicted) return evicted;
  }
  return {};
}

Outcome<void> Upkeep::give_back_some() {
  const auto free = free_count_.integer();
  if (!free) return pass_on(free);
  if (*free <= kFewPages) return {};
  const auto all = page_count_.integer();
  if (!all) return pass_on(all);
  return *free > *all / 4 ? vacuum_().finish() : Outcome<void>();
}

Outcome<bool> Upkeep::give_back_all(Deadline deadline) {
  auto free = free_count_.integer();
  const bool many = free && *free > kFewPages;
  while (many && free && *free > 0 && !deadline.expired()) {
    if (auto vacuumed = vacuum_().finish(); !vacuumed) return pass_on(vacuumed);
    free = free_count_.integer();
  }
  if (!free) return pass_on(free);
  return many;
}

}  // namespace libcache::sqlite
