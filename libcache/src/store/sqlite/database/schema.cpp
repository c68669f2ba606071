#include "store/sqlite/database/schema.h"

#include <iterator>
#include <string>

#include "base/hash.h"

namespace libcache::internal::sqlite {
namespace {

// On disk. Step i leads from version i to version i + 1; a step that was released never changes.
//
// An entry's id is the XXH3-64 of its name: one search of one tree finds it. Two names with one id displace each other,
// which a cache may do. Times are milliseconds since 1970. The value stands last, so that nothing else is read past it.
constexpr const char* kSteps[] = {
    "CREATE TABLE entries(id INTEGER PRIMARY KEY, name TEXT NOT NULL, expires INTEGER, used INTEGER NOT NULL,"
    " value BLOB NOT NULL);"
    "CREATE INDEX entries_by_name ON entries(name);"
    "CREATE INDEX entries_by_expiry ON entries(expires) WHERE expires IS NOT NULL;"
    "CREATE INDEX entries_by_use ON entries(used);",
};
constexpr std::int64_t kVersion = std::size(kSteps);

std::string quoted(Connection& connection) {
  return "'" + connection.path() + "'";
}

// The version of the schema; 0 for an empty database.
Outcome<std::int64_t> version_of(Connection& connection) {
  const auto read_application = [&] { return Statement(connection, "PRAGMA application_id").integer(); };
  auto application = read_application();
  if (application && *application == 0) {
    const auto objects = Statement(connection, "SELECT count(*) FROM sqlite_schema").integer();
    if (!objects || *objects == 0) return objects;
    application = read_application();  // another process may have begun the database in between, all of it at once
  }
  if (!application) return application;
  if (*application != kApplicationId) {
    return give_up(ErrorCode::refused, quoted(connection) + " is a database of another program; name another file");
  }
  auto version = Statement(connection, "PRAGMA user_version").integer();
  if (version && *version < 1) return connection.damaged();  // it is stamped together with the application id
  if (version && *version > kVersion) {
    return give_up(
        ErrorCode::refused,
        quoted(connection) + " was written by a newer version of this program; update, or name another file");
  }
  return version;
}

Outcome<void> migrate(Connection& connection) {
  auto transaction = Transaction::begin(connection);
  if (!transaction) return pass_on(transaction);
  const auto version = version_of(connection);  // again, for another process may have been first
  if (!version) return tl::make_unexpected(version.error());
  for (auto step = *version; step < kVersion; ++step) {
    if (auto taken = connection.execute(kSteps[step]); !taken) return taken;
  }
  const auto stamp =
      "PRAGMA application_id=" + std::to_string(kApplicationId) + "; PRAGMA user_version=" + std::to_string(kVersion);
  if (auto stamped = connection.execute(stamp.c_str()); !stamped) return stamped;
  return transaction->commit();
}

}  // namespace

std::int64_t id_of(std::string_view name) {
  return static_cast<std::int64_t>(xxh3_64(name));
}

Outcome<bool> is_readable(Connection& connection) {
  return version_of(connection).map([](std::int64_t version) { return version == kVersion; });
}

Outcome<void> prepare_schema(Connection& connection) {
  auto version = version_of(connection);
  if (!version) return pass_on(version);
  // Both are kept in the file; the first must be said before there is anything in it.
  if (*version == 0) {
    auto set = connection.execute("PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL");
    if (!set) return set;
  }
  return *version == kVersion ? Outcome<void>() : migrate(connection);
}

}  // namespace libcache::internal::sqlite
