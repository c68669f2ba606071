// What a store writes to its database, on the one connection through which this process writes.
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

// Movable; one thread at a time.
class Writer {
 public:
  // Opens a file that exists, creating or migrating what is to stand in it.
  static Outcome<std::optional<Writer>> open(const std::filesystem::path& file, Connection::Mode mode,
                                             Deadline deadline);

  struct Put {
    std::string_view name;
    std::string_view value;
    PutOptions options;
    const std::set<std::int64_t>& used;  // the ids of other entries whose use is to be noted with it
    std::uint64_t max_size = 0;          // what the database may take; 0: no bound
  };
  // Does what put() would otherwise do at its first call.
  Outcome<void> prepare_put();
  // False: only_new held and an entry was there.
  Outcome<bool> put(const Put& put, UnixTime now);

  // How many of the names there were.
  Outcome<std::uint64_t> remove(std::span<const std::string> names, UnixTime now, Deadline deadline);

  // Notes that entries have been used, in a transaction of its own.
  Outcome<void> note_use(const std::set<std::int64_t>& ids, UnixTime now);

  Connection& connection() { return connection_; }

 private:
  explicit Writer(Connection connection);
  Outcome<void> touch(const std::set<std::int64_t>& ids, UnixTime now);
  Outcome<std::uint64_t> remove_batch(std::span<const std::string> names, UnixTime now);

  Connection connection_;
  Upkeep upkeep_;
  Statement find_;
  Statement put_;
  Statement remove_;
  Statement touch_;
};

}  // namespace libcache::internal::sqlite
