// SQLite's connections and statements as values that close themselves and fail as Outcomes.
#pragma once

#include <libcache/time.h>
#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/sqlite/database/failure.h"

namespace libcache::internal::sqlite {

// Sleeps a little, longer with each `attempt` from 0 on; false, without sleeping, once the deadline has passed.
bool back_off(int attempt, Deadline deadline);

// A parameter that is a BLOB rather than TEXT.
struct Blob {
  std::string_view bytes;
};

// One run of a statement, over when this is destroyed. The strings it was given must live as long.
class Query {
 public:
  // Steps to the next row; false: there is none.
  Outcome<bool> step();
  // Steps to the end, past rows that do not matter.
  Outcome<void> finish();

  // Columns of the current row, counted from 0. Strings are valid until the next step.
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string_view bytes(int column) const;
  bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

 private:
  friend class Statement;
  Query(sqlite3* database, sqlite3_stmt* statement, int code)
      : database_(database), statement_(statement), code_(code) {}
  void bind(int parameter, std::int64_t value);
  void bind(int parameter, std::optional<std::int64_t> value);
  void bind(int parameter, std::string_view text);
  void bind(int parameter, Blob blob);

  struct Reset {
    void operator()(sqlite3_stmt* statement) const;
  };
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Reset> statement_;
  int code_;  // what went wrong before the first step, which reports it
};

class Connection;

// A statement, prepared at its first query if not before, and kept. Must not outlive its connection, which may be moved
// meanwhile; one query at a time.
class Statement {
 public:
  Statement(const Connection& connection, const char* sql);

  Outcome<void> prepare();

  // Begins a query with `parameters` for ?1, ?2 and so on.
  template <class... Parameters>
  Query operator()(const Parameters&... parameters) {
    Query query = begin();
    int number = 0;
    (query.bind(++number, parameters), ...);
    return query;
  }

  // The integer that a query without parameters gives.
  Outcome<std::int64_t> integer();

 private:
  int compile();
  Query begin();

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* database_;
  const char* sql_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// A connection to one database file. Movable; one thread at a time.
class Connection {
 public:
  enum class Mode { read, read_immutable, write };

  // Opens a file that exists, by an absolute path.
  static Outcome<Connection> open(const std::filesystem::path& file, Mode mode);

  // Until when statements wait for other processes' locks.
  void wait_until(Deadline deadline) { *deadline_ = deadline; }
  // From now on gives up a statement that still works when that time has come.
  void stop_at_deadline();

  // Runs statements that give no rows, or whose rows do not matter.
  Outcome<void> execute(const char* sql);
  // What to fail with where the database contradicts itself and SQLite did not notice.
  tl::unexpected<Failure> damaged() const { return tl::make_unexpected(failure_of(database_.get(), SQLITE_CORRUPT)); }

  // The largest row, in bytes.
  std::size_t row_limit() const { return sqlite3_limit(database_.get(), SQLITE_LIMIT_LENGTH, -1); }
  std::string path() const { return sqlite3_db_filename(database_.get(), "main"); }
  // Whether the file no longer stands at its path.
  bool moved() const;
  bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

 private:
  friend class BlobColumn;
  friend class Statement;
  struct Close {
    void operator()(sqlite3* database) const;
  };
  Outcome<void> check(int code) const;

  std::unique_ptr<Deadline> deadline_;  // stands still when this is moved: SQLite holds its address
  std::unique_ptr<sqlite3, Close> database_;
};

// The BLOBs of one column, read piece by piece so that SQLite never holds a whole one. Keeps its connection in one
// snapshot of the database from the first read until it is destroyed.
class BlobColumn {
 public:
  BlobColumn(Connection& connection, const char* table, const char* column)
      : connection_(connection), table_(table), column_(column) {}

  // The first `count` bytes of the BLOB in `row`, which must have as many. Fails with a timeout at `deadline`.
  Outcome<std::string> read(std::int64_t row, std::size_t count, Deadline deadline);

 private:
  Outcome<void> move_to(std::int64_t row);

  struct Close {
    void operator()(sqlite3_blob* blob) const { sqlite3_blob_close(blob); }
  };
  Connection& connection_;
  const char* table_;
  const char* column_;
  std::unique_ptr<sqlite3_blob, Close> blob_;
};

// BEGIN IMMEDIATE ... COMMIT; rolled back when it is destroyed without having been committed.
class Transaction {
 public:
  static Outcome<Transaction> begin(Connection& connection);
  Outcome<void> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  struct Rollback {
    void operator()(Connection* connection) const;
  };
  std::unique_ptr<Connection, Rollback> connection_;
};

}  // namespace libcache::internal::sqlite
