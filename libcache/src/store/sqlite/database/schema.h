// The contents of a database file.
#pragma once

#include <libcache/result.h>
#include <libcache/time.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace libcache::internal::sqlite {

// The key of a name's row, and a time as it is stored in a column.
std::int64_t id_of(std::string_view name);
inline std::int64_t milliseconds(UnixTime time) {
  return time.time_since_epoch().count();
}

// The bytes of a database file without entries. Fails: unavailable, when out of memory.
Result<std::string> empty_database();

}  // namespace libcache::internal::sqlite
