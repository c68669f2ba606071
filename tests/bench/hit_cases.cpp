#include <libcache/cache.h>
#include <sqlite3.h>

#include <memory>
#include <stdexcept>

#include "bench/cases.h"
#include "bench/database.h"

namespace bench {
namespace {

using libcache::Deadline;
using libcache::EntryKind;

// A hit as a program has it: from the request's text to the answer's text.
Operation prepare_hit(const std::filesystem::path& database) {
  std::shared_ptr<libcache::Cache> cache = open_cache(database);
  return [cache, requests = sample_requests(), next = std::size_t{0}]() mutable {
    const auto key = cache->key(requests[next++ % requests.size()]).value();
    const auto found = cache->get(key, EntryKind::response, Deadline::after(std::chrono::seconds(2))).value();
    keep(found.entry.value().body().value());
  };
}

using Statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

Statement prepared(sqlite3* connection, const char* text) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection, text, -1, &statement, nullptr) != SQLITE_OK) throw std::runtime_error(text);
  return {statement, sqlite3_finalize};
}

sqlite3_int64 id_of(sqlite3* connection, const std::string& name) {
  const auto statement = prepared(connection, "SELECT id FROM entries WHERE name = ?");
  sqlite3_bind_text(statement.get(), 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
  if (sqlite3_step(statement.get()) != SQLITE_ROW) throw std::runtime_error("not in the database: " + name);
  return sqlite3_column_int64(statement.get(), 0);
}

// What SQLite itself takes for the same rows, found the fastest way.
Operation prepare_select(const std::filesystem::path& database) {
  sqlite3* opened = nullptr;
  const auto code = sqlite3_open_v2(database.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
  const std::shared_ptr<sqlite3> connection(opened, sqlite3_close_v2);
  if (code != SQLITE_OK) throw std::runtime_error("cannot open " + database.string());
  const std::shared_ptr<sqlite3_stmt> select = prepared(opened, "SELECT value FROM entries WHERE id = ?");
  std::vector<sqlite3_int64> ids;
  auto deriver = libcache::KeyDeriver::create({}).value();
  for (const auto& request : sample_requests()) {
    ids.push_back(id_of(opened, deriver.derive(request).value().response_name));
  }
  return [connection, select, ids, next = std::size_t{0}]() mutable {
    sqlite3_bind_int64(select.get(), 1, ids[next++ % ids.size()]);
    sqlite3_step(select.get());
    keep(sqlite3_column_blob(select.get(), 0));
    sqlite3_reset(select.get());
  };
}

}  // namespace

std::vector<Case> hit_cases() {
  return {{"hit-sqlite", prepare_hit}, {"select-sqlite", prepare_select}};
}

}  // namespace bench
