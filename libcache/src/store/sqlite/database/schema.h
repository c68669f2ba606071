// What stands in a database file of ours, and how one of an older version becomes one of this.
#pragma once

#include "store/sqlite/database/connection.h"

namespace libcache::internal::sqlite {

// On disk, in the header of each database ("LLMc"): never changes.
inline constexpr std::int64_t kApplicationId = 0x4c4c4d63;

// How a name's entry is found, and how a time stands in a column.
std::int64_t id_of(std::string_view name);
inline std::int64_t milliseconds(UnixTime time) {
  return time.time_since_epoch().count();
}

// Whether there is anything to read: a database of ours in this version. False: an empty one, or one of an older
// version, which the next write migrates. Fails (refused): a database of another program, or one of a newer version of
// this.
Outcome<bool> is_readable(Connection& connection);

// Creates the table in an empty database, or migrates one of an older version; does nothing to one of this version.
// Fails as is_readable() does.
Outcome<void> prepare_schema(Connection& connection);

}  // namespace libcache::internal::sqlite
