#include "store/sqlite/database/schema.h"

#include <sqlite3.h>

#include <memory>

#include "base/hash.h"
#include "store/sqlite/database/header.h"

namespace libcache::internal::sqlite {
namespace {

// On disk. A released schema never changes: a new one gets a new version.
//
// An entry's id is the XXH3-64 of its name: one search of one tree finds it. Two names with one id displace each other,
// which a cache may do. Times are milliseconds since 1970. The value is the last column, so that nothing else is read
// past it. auto_vacuum must be set before there is anything in the file.
constexpr const char* kSchema =
    "PRAGMA auto_vacuum=INCREMENTAL;"
    "CREATE TABLE entries(id INTEGER PRIMARY KEY, name TEXT NOT NULL, expires INTEGER, used INTEGER NOT NULL,"
    " value BLOB NOT NULL);"
    "CREATE INDEX entries_by_name ON entries(name);"
    "CREATE INDEX entries_by_expiry ON entries(expires) WHERE expires IS NOT NULL;"
    "CREATE INDEX entries_by_use ON entries(used);";

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};

}  // namespace

std::int64_t id_of(std::string_view name) {
  return static_cast<std::int64_t>(xxh3_64(name));
}

// Made in memory: so the file can appear all at once, and SQLite never finds it half made.
Result<std::string> empty_database() {
  const auto sql = kSchema + ("PRAGMA application_id=" + std::to_string(kApplicationId)) +
                   "; PRAGMA user_version=" + std::to_string(kSchemaVersion);
  sqlite3* opened = nullptr;
  int code = sqlite3_open(":memory:", &opened);
  const std::unique_ptr<sqlite3, Close> database(opened);
  if (code == SQLITE_OK) code = sqlite3_exec(opened, sql.c_str(), nullptr, nullptr, nullptr);
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> bytes(
      code == SQLITE_OK ? sqlite3_serialize(opened, "main", &size, 0) : nullptr, sqlite3_free);
  if (!bytes) return fail(ErrorCode::unavailable, "cannot create a database: out of memory");
  std::string image(reinterpret_cast<const char*>(bytes.get()), static_cast<std::size_t>(size));
  // The version of the file format for writers and for readers: with a write-ahead log. A database in memory has none.
  constexpr std::size_t kFormatVersionsAt = 18;
  image[kFormatVersionsAt] = image[kFormatVersionsAt + 1] = 2;
  return image;
}

}  // namespace libcache::internal::sqlite
