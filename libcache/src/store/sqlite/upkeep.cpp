#include "store/sqlite/upkeep.h"

#include "store/sqlite/database/schema.h"

namespace libcache::internal::sqlite {
namespace {

// Entries are found first and deleted one by one: SQLite takes far longer to prepare a deletion than to find that there
// is nothing to delete.
constexpr const char* kExpired = "SELECT id, length(value) FROM entries WHERE expires <= ?1 ORDER BY expires LIMIT 8";
constexpr const char* kFuture =
    "SELECT id, length(value) FROM entries WHERE used > ?2 AND id <> ?1 ORDER BY used DESC LIMIT 256";
constexpr const char* kLeastUsed = "SELECT id, length(value) FROM entries WHERE id <> ?1 ORDER BY used LIMIT 256";
constexpr const char* kRemove = "DELETE FROM entries WHERE id = ?1";
constexpr const char* kVacuum = "PRAGMA incremental_vacuum(500)";
constexpr std::int64_t kFewPages = 256;     // 1 MiB: too few to return
constexpr std::int64_t kRestOfEntry = 150;  // bytes for its name and in the indexes, roughly

}  // namespace

Upkeep::Upkeep(const Connection& connection)
    : expired_(connection, kExpired),
      future_(connection, kFuture),
      least_used_(connection, kLeastUsed),
      remove_(connection, kRemove),
      page_size_(connection, "PRAGMA page_size"),
      page_count_(connection, "PRAGMA page_count"),
      free_count_(connection, "PRAGMA freelist_count"),
      vacuum_(connection, kVacuum) {}

Outcome<std::vector<Upkeep::Entry>> Upkeep::read_all(Query found) {
  std::vector<Entry> entries;
  for (;;) {
    const auto row = found.step();
    if (!row) return pass_on(row);
    if (!*row) return entries;
    entries.push_back({found.integer(0), found.integer(1) + kRestOfEntry});
  }
}

Outcome<void> Upkeep::prepare() {
  for (auto* statement : {&expired_, &page_size_, &page_count_, &free_count_}) {
    if (auto prepared = statement->prepare(); !prepared) return prepared;
  }
  return {};
}

Outcome<void> Upkeep::sweep(UnixTime now) {
  const auto expired = read_all(expired_(milliseconds(now)));
  if (!expired) return pass_on(expired);
  for (const Entry& entry : *expired) {
    if (auto removed = remove_(entry.id).finish(); !removed) return removed;
  }
  return {};
}

Outcome<std::int64_t> Upkeep::excess_over(std::uint64_t max_size) {
  const auto size = page_size_.integer();
  if (!size) return size;
  const auto all = page_count_.integer();
  if (!all) return all;
  const auto most = static_cast<std::int64_t>(max_size / static_cast<std::uint64_t>(*size));
  if (*all <= most) return 0;
  return free_count_.integer().map([&](std::int64_t free) { return (*all - free - most) * *size; });
}

Outcome<bool> Upkeep::is_within(std::uint64_t max_size) {
  return excess_over(max_size).map([](std::int64_t excess) { return excess <= 0; });
}

Outcome<bool> Upkeep::evict(std::uint64_t max_size, std::int64_t kept, UnixTime now) {
  constexpr int kMostBatches = 4;
  constexpr auto kClockDifference = std::chrono::minutes(5);
  bool any = false;
  for (int batch = 0; batch < kMostBatches; ++batch) {
    const auto excess = excess_over(max_size);
    if (!excess) return pass_on(excess);
    if (*excess <= 0) break;
    auto entries = read_all(future_(kept, milliseconds(now + kClockDifference)));
    if (entries && entries->empty()) entries = read_all(least_used_(kept));
    if (!entries) return pass_on(entries);
    if (entries->empty()) break;
    std::int64_t freed = 0;
    for (const Entry& entry : *entries) {
      if (freed >= *excess) break;
      if (auto removed = remove_(entry.id).finish(); !removed) return pass_on(removed);
      freed += entry.size;
      any = true;
    }
  }
  return any;
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

}  // namespace libcache::internal::sqlite
