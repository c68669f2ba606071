#include "listing/sorted.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "failure.h"

namespace llmcache {

namespace {

namespace lc = libcache;

// An empty name is a database in a temporary file, which SQLite makes when its memory is full.
constexpr const char* kTemporary = "";
constexpr const char* kSetUp =
    "PRAGMA cache_size = -16384; PRAGMA journal_mode = OFF;"
    "CREATE TABLE row(rank INTEGER, name BLOB, size INTEGER, expires INTEGER, head BLOB); BEGIN";

// What the order compares: less is earlier. Entries without the property come last.
std::int64_t rank(const lc::ScanRow& row, const lc::EntryHead* head, Order order) {
  constexpr std::int64_t kLast = INT64_MAX;
  if (order == Order::size) return -static_cast<std::int64_t>(row.size);
  if (!head || order == Order::name) return kLast;
  if (order == Order::expires) return head->expires ? head->expires->time_since_epoch().count() : kLast;
  const auto created = head->created.time_since_epoch().count();
  return created == 0 ? kLast : -created;
}

void bind_blob(sqlite3_stmt* statement, int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement, parameter, bytes.data(), bytes.size(), SQLITE_STATIC);
}

std::string column(sqlite3_stmt* statement, int number) {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, number));
  return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, number))) : std::string();
}

[[noreturn]] void fail(sqlite3* database) {
  throw Failure(Exit::refused, fmt::format("cannot sort: {}", sqlite3_errmsg(database)));
}

}  // namespace

Sorted::Sorted(Order order) : order_(order) {
  sqlite3* database = nullptr;
  const int opened = sqlite3_open(kTemporary, &database);
  rows_.reset(database);
  if (opened != SQLITE_OK || sqlite3_exec(database, kSetUp, nullptr, nullptr, nullptr) != SQLITE_OK) fail(database);
  insert_ = prepare("INSERT INTO row VALUES (?, ?, ?, ?, ?)");
}

Sorted::Statement Sorted::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(rows_.get(), sql, -1, &statement, nullptr) != SQLITE_OK) fail(rows_.get());
  return Statement(statement);
}

// False: there is no further row.
bool Sorted::step(const Statement& statement) {
  const int code = sqlite3_step(statement.get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) fail(rows_.get());
  return code == SQLITE_ROW;
}

void Sorted::add(const lc::ScanRow& row, const lc::EntryHead* head) {
  sqlite3_stmt* insert = insert_.get();
  sqlite3_reset(insert);
  sqlite3_bind_int64(insert, 1, rank(row, head, order_));
  bind_blob(insert, 2, row.name);
  sqlite3_bind_int64(insert, 3, static_cast<std::int64_t>(row.size));
  row.expires ? sqlite3_bind_int64(insert, 4, row.expires->time_since_epoch().count()) : sqlite3_bind_null(insert, 4);
  bind_blob(insert, 5, row.head);
  step(insert_);
}

void Sorted::for_each(std::uint64_t most, const std::function<void(const lc::ScanRow&)>& visit) {
  const Statement select = prepare("SELECT name, size, expires, head FROM row ORDER BY rank, name LIMIT ?");
  sqlite3_bind_int64(select.get(), 1, static_cast<std::int64_t>(std::min<std::uint64_t>(most, INT64_MAX)));
  while (step(select)) {
    lc::ScanRow row;
    row.name = column(select.get(), 0);
    row.size = static_cast<std::uint64_t>(sqlite3_column_int64(select.get(), 1));
    if (sqlite3_column_type(select.get(), 2) != SQLITE_NULL) {
      row.expires = lc::UnixTime(lc::Milliseconds(sqlite3_column_int64(select.get(), 2)));
    }
    row.head = column(select.get(), 3);
    visit(row);
  }
}

}  // namespace llmcache
