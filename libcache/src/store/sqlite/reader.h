// The reads of a store, on a separate connection, so that writes do not delay them.
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
  UnixTime used;  // when its use was last recorded; the current time for values above 1 MiB, whose use is not recorded
};

// Movable. One thread at a time.
class Reader {
 public:
  static Outcome<Reader> open(const std::filesystem::path& file, const FileId& id, Connection::Mode mode,
                              Deadline deadline);

  Outcome<Found> get(std::string_view name, UnixTime now, Deadline deadline);

  Outcome<std::optional<ScanRow>> look_up(std::string_view name, std::size_t head_bytes, UnixTime now,
                                          Deadline deadline);

  // When the value of a name expired, if it has.
  Outcome<std::optional<UnixTime>> expired_at(std::string_view name, UnixTime now);
  // The values whose names start with `prefix` among those that were used last, without heads.
  Outcome<std::vector<ScanRow>> recent(std::string_view prefix, std::size_t count, UnixTime now);
  // The next rows in the order of their names, beginning with `from`, whose names start with `prefix`. Empty: no more.
  Outcome<std::vector<ScanRow>> list(std::string_view prefix, std::string_view from, std::size_t head_bytes,
                                     UnixTime now, Deadline deadline);

  // At a million entries it takes some 15 ms.
  Outcome<std::optional<StoreSize>> size();

  Connection& connection() { return connection_; }

 private:
  explicit Reader(Connection connection);

  Connection connection_;
  Statement select_;
  Statement list_;
  Statement row_;
  Statement expired_;
};

}  // namespace libcache::internal::sqlite
