#include "store/sqlite/writer.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "store/same_value.h"
#include "store/sqlite/database/file.h"
#include "store/sqlite/database/schema.h"

namespace libcache::internal::sqlite {
namespace {

constexpr const char* kFind =
    "SELECT expires, length(value) FROM entries WHERE id = ?1 AND name = ?2 AND (expires IS NULL OR expires > ?3)";
constexpr const char* kPut =
    "INSERT INTO entries(id, name, expires, used, value) VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(id) DO UPDATE"
    " SET name = excluded.name, expires = excluded.expires, used = excluded.used, value = excluded.value";
constexpr const char* kRemoveNamed = "DELETE FROM entries WHERE id = ?1 AND name = ?2";
constexpr const char* kTouch = "UPDATE entries SET used = ?2 WHERE id = ?1";

const std::string& name_of(const std::string& name) {
  return name;
}
const std::string& name_of(const ScanRow& row) {
  return row.name;
}

}  // namespace

Writer::Writer(Connection connection)
    : connection_(std::move(connection)),
      upkeep_(connection_),
      find_(connection_, kFind),
      put_(connection_, kPut),
      remove_(connection_, kRemoveNamed),
      touch_(connection_, kTouch) {}

Outcome<Writer> Writer::open(const std::filesystem::path& file, const FileId& id, Connection::Mode mode,
                             Deadline deadline) {
  auto connection = Connection::open(file, id, mode);
  if (!connection) return pass_on(connection);
  connection->wait_until(deadline);
  // NORMAL: a loss of power may undo the last writes, but leaves the database whole.
  auto set = connection->execute("PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=4194304");
  if (!set) return pass_on(set);
  if (mode == Connection::Mode::write) {
    // The mode in which the file was created. Only a process that was killed while it wrote in place leaves another
    // one.
    if (set = connection->execute("PRAGMA journal_mode=WAL"); !set) return pass_on(set);
  }
  return Writer(std::move(*connection));
}

Outcome<void> Writer::prepare_put() {
  if (auto prepared = put_.prepare(); !prepared) return prepared;
  return upkeep_.prepare();
}

Outcome<bool> Writer::put(const Put& put, UnixTime now, Deadline deadline) {
  constexpr std::size_t kRestOfRow = 100;
  if (put.value.size() + put.name.size() + kRestOfRow > connection_.row_limit() ||
      (put.max_size != 0 && put.value.size() > put.max_size)) {
    return give_up(ErrorCode::policy, "a value of " + std::to_string(put.value.size()) + " bytes is too large for '" +
                                          connection_.path() + "'");
  }
  if (!has_room(connection_.path(), put.value.size())) {
    return give_up(ErrorCode::refused, "'" + connection_.path() + "': no space left on the device for a value of " +
                                           std::to_string(put.value.size()) + " bytes; free some space");
  }
  const auto id = id_of(put.name);
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return pass_on(transaction);
  if (put.options.only_new) {
    const auto found = find_(id, put.name, milliseconds(now)).step();
    if (!found) return pass_on(found);
    if (*found) return false;
  }
  if (auto swept = upkeep_.sweep(now); !swept) return pass_on(swept);
  if (auto touched = touch(put.used, now); !touched) return pass_on(touched);
  const auto expires = put.options.expires ? std::optional(milliseconds(*put.options.expires)) : std::nullopt;
  if (auto stored = put_(id, put.name, expires, milliseconds(now), Blob{put.value}).finish(); !stored) {
    return pass_on(stored);
  }
  if (put.max_size != 0) {
    if (auto evicted = upkeep_.evict(put.max_size, id, now); !evicted) return pass_on(evicted);
  }
  if (auto committed = transaction->commit(); !committed) return pass_on(committed);
  // The value is stored, whether or not the rest works.
  connection_.wait_until(Deadline::after(Milliseconds(0)));
  (void)upkeep_.give_back_some();
  if (put.max_size != 0) (void)evict_the_rest(put.max_size, id, now, deadline.capped(std::chrono::seconds(1)));
  return true;
}

// After the limit was lowered. In separate transactions, so that other processes can write in between.
Outcome<void> Writer::evict_the_rest(std::uint64_t max_size, std::int64_t kept, UnixTime now, Deadline deadline) {
  bool evicted_any = false;
  while (!deadline.expired()) {
    const auto within = upkeep_.is_within(max_size);
    if (!within) return pass_on(within);
    if (*within) break;
    auto transaction = Transaction::begin(connection_);
    if (!transaction) return pass_on(transaction);
    const auto evicted = upkeep_.evict(max_size, kept, now);
    if (!evicted) return pass_on(evicted);
    if (!*evicted) break;
    if (auto committed = transaction->commit(); !committed) return committed;
    evicted_any = true;
  }
  return evicted_any ? upkeep_.give_back_all(deadline).map([](bool) {}) : Outcome<void>();
}

Outcome<Removed> Writer::remove(std::span<const std::string> names, UnixTime now, Deadline deadline) {
  return remove_all(names, now, deadline);
}

Outcome<Removed> Writer::remove_unchanged(std::span<const ScanRow> rows, UnixTime now, Deadline deadline) {
  return remove_all(rows, now, deadline);
}

template <class Item>
Outcome<Removed> Writer::remove_all(std::span<const Item> items, UnixTime now, Deadline deadline) {
  constexpr std::size_t kBatch = 500;  // other processes can write in between
  Removed removed;
  while (!items.empty()) {
    if (deadline.expired()) return give_up(ErrorCode::timeout, "the deadline passed while values were being removed");
    const auto batch = items.first(std::min(kBatch, items.size()));
    const auto gone = remove_batch(batch, now, deadline);
    if (!gone) return gone;
    removed.values += gone->values;
    removed.bytes += gone->bytes;
    items = items.subspan(batch.size());
  }
  const auto a_while = deadline.capped(std::chrono::seconds(1));
  connection_.wait_until(a_while);
  const auto given_back = upkeep_.give_back_all(a_while);
  connection_.wait_until(Deadline::after(Milliseconds(0)));
  if (given_back && *given_back) (void)connection_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return removed;
}

template <class Item>
Outcome<Removed> Writer::remove_batch(std::span<const Item> items, UnixTime now, Deadline deadline) {
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return pass_on(transaction);
  std::vector<std::optional<std::uint64_t>> sizes;
  for (const Item& item : items) {
    const auto size = size_of(item, now, deadline);
    if (!size) return pass_on(size);
    sizes.push_back(*size);
  }
  Removed removed;
  for (std::size_t i = 0; i < items.size(); ++i) {
    // An entry that has expired counts as removed before.
    if (!sizes[i] && std::is_same_v<Item, ScanRow>) continue;
    const std::string& name = name_of(items[i]);
    if (auto gone = remove_(id_of(name), std::string_view(name)).finish(); !gone) return pass_on(gone);
    if (!sizes[i] || connection_.changes() == 0) continue;
    ++removed.values;
    removed.bytes += *sizes[i];
  }
  if (auto committed = transaction->commit(); !committed) return pass_on(committed);
  return removed;
}

Outcome<std::optional<std::uint64_t>> Writer::size_of(const std::string& name, UnixTime now, Deadline) {
  auto entry = find_(id_of(name), std::string_view(name), milliseconds(now));
  const auto found = entry.step();
  if (!found) return pass_on(found);
  return *found ? std::optional(static_cast<std::uint64_t>(entry.integer(1))) : std::nullopt;
}

Outcome<std::optional<std::uint64_t>> Writer::size_of(const ScanRow& row, UnixTime now, Deadline deadline) {
  const auto id = id_of(row.name);
  auto entry = find_(id, std::string_view(row.name), milliseconds(now));
  const auto found = entry.step();
  if (!found) return pass_on(found);
  if (!*found) return std::nullopt;
  ScanRow current{row.name, static_cast<std::uint64_t>(entry.integer(1)), std::nullopt, {}};
  if (!entry.is_null(0)) current.expires = UnixTime(Milliseconds(entry.integer(0)));
  if (!row.head.empty() && current.size >= row.head.size()) {
    auto head = BlobColumn(connection_, "entries", "value").read(id, row.head.size(), deadline);
    if (!head) return pass_on(head);
    current.head = std::move(*head);
  }
  return same_value(row, current) ? std::optional(current.size) : std::nullopt;
}

Outcome<void> Writer::note_use(const std::set<std::int64_t>& ids, UnixTime now) {
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return pass_on(transaction);
  if (auto touched = touch(ids, now); !touched) return touched;
  return transaction->commit();
}

Outcome<void> Writer::touch(const std::set<std::int64_t>& ids, UnixTime now) {
  for (const auto id : ids) {
    if (auto touched = touch_(id, milliseconds(now)).finish(); !touched) return touched;
  }
  return {};
}

}  // namespace libcache::internal::sqlite
