#include "store/sqlite/reader.h"

#include <algorithm>
#include <utility>

#include "store/sqlite/database/schema.h"

namespace libcache::internal::sqlite {
namespace {

// Values up to 1 MiB are read with their row, which is fastest. Of larger ones SQLite would hold a copy.
constexpr const char* kSelect =
    "SELECT name, expires, used, length(value), CASE WHEN length(value) <= 1048576 THEN value END"
    " FROM entries WHERE id = ?1";
constexpr const char* kList =
    "SELECT id, name, expires, length(value) FROM entries WHERE name >= ?1 AND (expires IS NULL OR expires > ?2)"
    " ORDER BY name LIMIT 500";
constexpr const char* kRow =
    "SELECT id, name, expires, length(value) FROM entries WHERE id = ?1 AND name = ?2"
    " AND (expires IS NULL OR expires > ?3)";
constexpr const char* kExpiredAt = "SELECT expires FROM entries WHERE id = ?1 AND name = ?2 AND expires <= ?3";
constexpr const char* kRecent =
    "SELECT name, expires, length(value) FROM entries WHERE expires IS NULL OR expires > ?1 ORDER BY used DESC LIMIT "
    "?2";
constexpr const char* kCount = "SELECT count(*) FROM entries";
constexpr const char* kUsedBytes =
    "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size";

std::optional<UnixTime> time_in(const Query& query, int column) {
  if (query.is_null(column)) return std::nullopt;
  return UnixTime(Milliseconds(query.integer(column)));
}

// The row that a query is at.
Outcome<ScanRow> read_row(const Query& row, BlobColumn& values, std::size_t head_bytes, Deadline deadline) {
  ScanRow found{std::string(row.bytes(1)), static_cast<std::uint64_t>(row.integer(3)), time_in(row, 2), {}};
  if (const auto count = std::min<std::size_t>(head_bytes, found.size); count != 0) {
    auto head = values.read(row.integer(0), count, deadline);
    if (!head) return pass_on(head);
    found.head = std::move(*head);
  }
  return found;
}

}  // namespace

Outcome<Reader> Reader::open(const std::filesystem::path& file, const FileId& id, Connection::Mode mode,
                             Deadline deadline) {
  auto connection = Connection::open(file, id, mode);
  if (!connection) return pass_on(connection);
  connection->wait_until(deadline);
  // 16 MiB of pages, taken as they are read: asking the system for a page again costs more than searching it.
  if (auto set = connection->execute("PRAGMA cache_size=-16384"); !set) return pass_on(set);
  return Reader(std::move(*connection));
}

Reader::Reader(Connection connection)
    : connection_(std::move(connection)),
      select_(connection_, kSelect),
      list_(connection_, kList),
      row_(connection_, kRow),
      expired_(connection_, kExpiredAt) {}

Outcome<Found> Reader::get(std::string_view name, UnixTime now, Deadline deadline) {
  const auto id = id_of(name);
  auto row = select_(id);
  const auto found = row.step();
  if (!found) return pass_on(found);
  if (!*found || row.bytes(0) != name) return Found{};
  if (const auto expires = time_in(row, 1); expires && *expires <= now) return Found{};
  const UnixTime used(Milliseconds(row.integer(2)));
  if (!row.is_null(4)) return Found{std::string(row.bytes(4)), used};
  auto value = BlobColumn(connection_, "entries", "value").read(id, row.integer(3), deadline);
  if (!value) return pass_on(value);
  return Found{std::move(*value), now};  // recording the use of a large value would rewrite the whole value
}

Outcome<std::optional<ScanRow>> Reader::look_up(std::string_view name, std::size_t head_bytes, UnixTime now,
                                                Deadline deadline) {
  auto row = row_(id_of(name), name, milliseconds(now));
  const auto found = row.step();
  if (!found) return pass_on(found);
  if (!*found) return std::nullopt;
  BlobColumn values(connection_, "entries", "value");
  return read_row(row, values, head_bytes, deadline);
}

Outcome<std::optional<UnixTime>> Reader::expired_at(std::string_view name, UnixTime now) {
  auto row = expired_(id_of(name), name, milliseconds(now));
  const auto found = row.step();
  if (!found) return pass_on(found);
  return *found ? time_in(row, 0) : std::nullopt;
}

Outcome<std::vector<ScanRow>> Reader::recent(std::string_view prefix, std::size_t count, UnixTime now) {
  // Values with other prefixes may have been used since.
  constexpr std::size_t kLookedAt = 8;
  std::vector<ScanRow> rows;
  Statement recent(connection_, kRecent);
  auto row = recent(milliseconds(now), static_cast<std::int64_t>(kLookedAt * count));
  while (rows.size() < count) {
    const auto found = row.step();
    if (!found) return pass_on(found);
    if (!*found) break;
    if (!row.bytes(0).starts_with(prefix)) continue;
    rows.push_back({std::string(row.bytes(0)), static_cast<std::uint64_t>(row.integer(2)), time_in(row, 1), {}});
  }
  return rows;
}

Outcome<std::optional<StoreSize>> Reader::size() {
  const auto values = Statement(connection_, kCount).integer();
  if (!values) return pass_on(values);
  const auto bytes = Statement(connection_, kUsedBytes).integer();
  if (!bytes) return pass_on(bytes);
  return StoreSize{static_cast<std::uint64_t>(*values), static_cast<std::uint64_t>(*bytes)};
}

Outcome<std::vector<ScanRow>> Reader::list(std::string_view prefix, std::string_view from, std::size_t head_bytes,
                                           UnixTime now, Deadline deadline) {
  constexpr std::size_t kEnoughHeads = 4 << 20;
  std::vector<ScanRow> rows;
  std::size_t bytes = 0;
  BlobColumn values(connection_, "entries", "value");
  auto row = list_(from, milliseconds(now));
  while (bytes < kEnoughHeads) {
    const auto found = row.step();
    if (!found) return pass_on(found);
    if (!*found || !row.bytes(1).starts_with(prefix)) break;
    // A damaged index may return names out of order, which could repeat for ever.
    const std::string_view name = row.bytes(1);
    if (name < from || (!rows.empty() && name <= rows.back().name)) return connection_.damaged();
    auto next = read_row(row, values, head_bytes, deadline);
    if (!next) return pass_on(next);
    bytes += next->head.size();
    rows.push_back(std::move(*next));
  }
  return rows;
}

}  // namespace libcache::internal::sqlite
