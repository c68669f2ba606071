// The writes of a store, on the one connection through which this process writes.
#pragma once

#include <libcache/store.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "store/sqlite/database/connection.h"
#include "store/sqlite/upkeep.h"

namespace libcache::internal::sqlite {

// Movable. One thread at a time.
class Writer {
 public:
  static Outcome<Writer> open(const std::filesystem::path& file, const FileId& id, Connection::Mode mode,
                              Deadline deadline);

  struct Put {
    std::string_view name;
    std::string_view value;
    PutOptions options;
    const std::set<std::int64_t>& used;  // the ids of other entries whose use is recorded with it
    std::uint64_t max_size = 0;          // of the database, in bytes; 0: no limit
  };
  // Prepares what the first put() would otherwise prepare.
  Outcome<void> prepare_put();
  // False: `only_new` is set and an entry exists.
  Outcome<bool> put(const Put& put, UnixTime now, Deadline deadline);

  Outcome<Removed> remove(std::span<const std::string> names, UnixTime now, Deadline deadline);
  // As Store::remove_unchanged().
  Outcome<Removed> remove_unchanged(std::span<const ScanRow> rows, UnixTime now, Deadline deadline);

  // Records that entries have been used, in a separate transaction.
  Outcome<void> note_use(const std::set<std::int64_t>& ids, UnixTime now);

  Connection& connection() { return connection_; }

 private:
  explicit Writer(Connection connection);
  // Evicts what the put itself had no time for.
  Outcome<void> evict_the_rest(std::uint64_t max_size, std::int64_t kept, UnixTime now, Deadline deadline);
  Outcome<void> touch(const std::set<std::int64_t>& ids, UnixTime now);
  // Removes `items`, which are names or rows, a batch at a time.
  template <class Item>
  Outcome<Removed> remove_all(std::span<const Item> items, UnixTime now, Deadline deadline);
  template <class Item>
  Outcome<Removed> remove_batch(std::span<const Item> items, UnixTime now, Deadline deadline);
  // The size of an entry; nullopt if it does not exist.
  Outcome<std::optional<std::uint64_t>> size_of(const std::string& name, UnixTime now, Deadline deadline);
  // The same; also nullopt if the entry has changed since it was listed.
  Outcome<std::optional<std::uint64_t>> size_of(const ScanRow& row, UnixTime now, Deadline deadline);

  Connection connection_;
  Upkeep upkeep_;
  Statement find_;
  Statement put_;
  Statement remove_;
  Statement touch_;
};

}  // namespace libcache::internal::sqlite
