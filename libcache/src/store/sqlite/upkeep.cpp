#include "store/sqlite/upkeep.h"

#include <vector>

#include "store/sqlite/database/schema.h"

namespace libcache::internal::sqlite {
namespace {

// Found first and deleted one by one: to prepare for a deletion costs SQLite far more than to find that there is none.
constexpr const char* kExpired = "SELECT id FROM entries WHERE expires <= ?1 ORDER BY expires LIMIT 8";
constexpr const char* kLeastUsed = "SELECT id FROM entries WHERE id <> ?1 ORDER BY used LIMIT 16";
constexpr const char* kRemove = "DELETE FROM entries WHERE id = ?1";
constexpr const char* kVacuum = "PRAGMA incremental_vacuum(500)";
constexpr std::int64_t kFewPages = 256;  // 1 MiB: not worth the trouble

}  // namespace

Upkeep::Upkeep(const Connection& connection)
    : expired_(connection, kExpired),
      least_used_(connection, kLeastUsed),
      remove_(connection, kRemove),
      page_size_(connection, "PRAGMA page_size"),
      page_count_(connection, "PRAGMA page_count"),
      free_count_(connection, "PRAGMA freelist_count"),
      vacuum_(connection, kVacuum) {}

Outcome<bool> Upkeep::remove_all(Query found) {
  std::vector<std::int64_t> ids;
  for (;;) {
    const auto row = found.step();
    if (!row) return pass_on(row);
    if (!*row) break;
    ids.push_back(found.integer(0));
  }
  for (const auto id : ids) {
    if (auto removed = remove_(id).finish(); !removed) return pass_on(removed);
  }
  return !ids.empty();
}

Outcome<void> Upkeep::prepare() {
  for (auto* statement : {&expired_, &page_size_, &page_count_, &free_count_}) {
    if (auto prepared = statement->prepare(); !prepared) return prepared;
  }
  return {};
}

Outcome<void> Upkeep::sweep(UnixTime now) {
  return remove_all(expired_(milliseconds(now))).map([](bool) {});
}

Outcome<bool> Upkeep::is_within(std::uint64_t max_size) {
  const auto size = page_size_.integer();
  if (!size) return pass_on(size);
  const auto all = page_count_.integer();
  if (!all) return pass_on(all);
  const auto most = static_cast<std::int64_t>(max_size / static_cast<std::uint64_t>(*size));
  if (*all <= most) return true;
  return free_count_.integer().map([&](std::int64_t free) { return *all - free <= most; });
}

Outcome<void> Upkeep::evict(std::uint64_t max_size, std::int64_t kept) {
  constexpr int kMostBatches = 64;
  for (int batch = 0; batch < kMostBatches; ++batch) {
    const auto within = is_within(max_size);
    if (!within) return pass_on(within);
    if (*within) break;
    const auto removed = remove_all(least_used_(kept));
    if (!removed) return pass_on(removed);
    if (!*removed) break;
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

}  // namespace libcache::internal::sqlite
