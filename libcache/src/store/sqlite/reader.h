// What a store reads from its database, on a connection of its own so that writes never hold it up.
#pragma once

#include <libcache/store.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite/database/connection.h"

namespace libcache::internal::sqlite {

struct Found {
  std::optional<std::string> value;
  UnixTime used;  // when its use was last noted; values above 1 MiB are always as good as noted
};

// Movable; one thread at a time.
class Reader {
 public:
  // Nothing: there is nothing to read yet.
  static Outcome<std::optional<Reader>> open(const std::filesystem::path& file, Connection::Mode mode,
                                             Deadline deadline);

  Outcome<Found> get(std::string_view name, UnixTime now, Deadline deadline);

  // The next entries, by name, from `from` on, as far as their names start with `prefix`; none: there are no more.
  Outcome<std::vector<ScanRow>> list(std::string_view prefix, std::string_view from, std::size_t head_bytes,
                                     UnixTime now, Deadline deadline);

  Connection& connection() { return connection_; }

 private:
  explicit Reader(Connection connection);

  Connection connection_;
  Statement select_;
  Statement list_;
};

}  // namespace libcache::internal::sqlite
