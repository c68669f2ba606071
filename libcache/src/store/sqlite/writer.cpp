#include "store/sqlite/writer.h"

#include <algorithm>
#include <utility>

#include "store/sqlite/database/schema.h"

namespace libcache::internal::sqlite {
namespace {

constexpr const char* kFind = "SELECT 1 FROM entries WHERE id = ?1 AND name = ?2 AND (expires IS NULL OR expires > ?3)";
constexpr const char* kPut =
    "INSERT INTO entries(id, name, expires, used, value) VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(id) DO UPDATE"
    " SET name = excluded.name, expires = excluded.expires, used = excluded.used, value = excluded.value";
constexpr const char* kRemove = "DELETE FROM entries WHERE id = ?1 AND name = ?2";
constexpr const char* kTouch = "UPDATE entries SET used = ?2 WHERE id = ?1";

}  // namespace

Writer::Writer(Connection connection)
    : connection_(std::move(connection)),
      upkeep_(connection_),
      find_(connection_, kFind),
      put_(connection_, kPut),
      remove_(connection_, kRemove),
      touch_(connection_, kTouch) {}

Outcome<std::optional<Writer>> Writer::open(const std::filesystem::path& file, Connection::Mode mode,
                                            Deadline deadline) {
  auto connection = Connection::open(file, mode);
  if (!connection) return pass_on(connection);
  connection->wait_until(deadline);
  if (auto prepared = prepare_schema(*connection); !prepared) return pass_on(prepared);
  // NORMAL: a loss of power may undo the last writes, but leaves the database whole.
  auto set = connection->execute("PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=4194304");
  if (!set) return pass_on(set);
  return Writer(std::move(*connection));
}

Outcome<void> Writer::prepare_put() {
  if (auto prepared = put_.prepare(); !prepared) return prepared;
  return upkeep_.prepare();
}

Outcome<bool> Writer::put(const Put& put, UnixTime now) {
  constexpr std::size_t kRestOfRow = 100;
  if (put.value.size() + put.name.size() + kRestOfRow > connection_.row_limit() ||
      (put.max_size != 0 && put.value.size() > put.max_size)) {
    return give_up(ErrorCode::policy, "a value of " + std::to_string(put.value.size()) + " bytes is too large for '" +
                                          connection_.path() + "'");
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
    if (auto evicted = upkeep_.evict(put.max_size, id); !evicted) return pass_on(evicted);
  }
  if (auto committed = transaction->commit(); !committed) return pass_on(committed);
  connection_.wait_until(Deadline::after(Milliseconds(0)));
  (void)upkeep_.give_back_some();  // the value is stored, whether or not this works
  return true;
}

Outcome<std::uint64_t> Writer::remove(std::span<const std::string> names, UnixTime now, Deadline deadline) {
  constexpr std::size_t kBatch = 500;  // others get to write in between
  std::uint64_t removed = 0;
  while (!names.empty()) {
    if (deadline.expired()) return give_up(ErrorCode::timeout, "the deadline passed while values were removed");
    const auto batch = names.first(std::min(kBatch, names.size()));
    const auto count = remove_batch(batch, now);
    if (!count) return count;
    removed += *count;
    names = names.subspan(batch.size());
  }
  const auto a_while = deadline.capped(std::chrono::seconds(1));
  connection_.wait_until(a_while);
  const auto given_back = upkeep_.give_back_all(a_while);
  connection_.wait_until(Deadline::after(Milliseconds(0)));
  if (given_back && *given_back) (void)connection_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return removed;
}

Outcome<std::uint64_t> Writer::remove_batch(std::span<const std::string> names, UnixTime now) {
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return pass_on(transaction);
  std::uint64_t removed = 0;
  for (const auto& name : names) {
    const auto id = id_of(name);
    const auto found = find_(id, std::string_view(name), milliseconds(now)).step();
    if (!found) return pass_on(found);
    if (*found) ++removed;
    if (auto gone = remove_(id, std::string_view(name)).finish(); !gone) return pass_on(gone);
  }
  if (auto committed = transaction->commit(); !committed) return pass_on(committed);
  return removed;
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
