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
#include "store/sqlite/database/open_files.h"

namespace libcache::internal::sqlite {

// Sleeps a little, longer with each `attempt` from 0 on. False, without sleeping, once the deadline has passed or, if there
// is none (for long work on many entries), after a few seconds.
bool back_off(int attempt, Deadline deadline);
// The same as a deadline, for several such waits: it begins now.
Deadline limit_of_wait(Deadline deadline);

// A parameter that is a BLOB rather than TEXT.
struct Blob {
  std::string_view bytes;
};

// One run of a statement, which ends when this is destroyed. Its string parameters must live as long.
class Query {
 public:
  // Steps to the next row. False: there is none.
  Outcome<bool> step();
  // Steps to the end; the rows are ignored.
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
  int code_;  // of an error before the first step, which reports it
};

class Connection;

// A statement that is prepared at its first query, if not before, and kept. Must not outlive its connection, which may
// be moved meanwhile. One query at a time.
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

  // The integer that a query without parameters returns.
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

// A connection to one database file. Movable. One thread at a time.
class Connection {
 public:
  enum class Mode {
    write,
    // Writes the file itself and keeps no log, so that it needs no free disk space. Exclusive: it waits until no other
    // process has the file open. A process that is killed meanwhile damages the database.
    write_in_place,
    // Reads together with writers. Creates the log and its index (-wal, -shm) if they are missing; like a writer, the
    // last one to close them removes them.
    read,
    // Reads together with writers, and changes nothing. The log and its index must exist.
    observe,
    // Reads the log without its index and without locks, and changes nothing. What is read is right only if no writer
    // has changed the files meanwhile.
    read_log_unlocked,
    // The same without a log.
    read_unlocked,
  };

  // Opens an existing file by an absolute path.
  static Outcome<Connection> open(const std::filesystem::path& file, const FileId& id, Mode mode);

  // How long statements wait for the locks of other processes.
  void wait_until(Deadline deadline) { *deadline_ = deadline; }
  // From now on, also ends statements that are still running at that time.
  void stop_at_deadline();

  // Runs statements without rows, or whose rows are ignored.
  Outcome<void> execute(const char* sql);
  // The failure for a database that contradicts itself in a way that SQLite did not notice.
  tl::unexpected<Failure> damaged() const { return tl::make_unexpected(failure_of(database_.get(), SQLITE_CORRUPT)); }

  // The largest row, in bytes.
  std::size_t row_limit() const { return sqlite3_limit(database_.get(), SQLITE_LIMIT_LENGTH, -1); }
  std::string path() const { return sqlite3_db_filename(database_.get(), "main"); }
  // Whether the file is no longer at its path.
  bool moved() const;
  // How many rows the last statement that writes has changed.
  int changes() const { return sqlite3_changes(database_.get()); }
  bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

 private:
  friend class BlobColumn;
  friend class Statement;
  struct Close {
    std::optional<FileId> unlocked;  // the file of a connection that does not lock
    void operator()(sqlite3* database) const;
  };
  Outcome<void> check(int code) const;

  std::unique_ptr<Deadline> deadline_;  // SQLite has its address, which does not change when this is moved
  LockingConnection locking_;
  std::unique_ptr<sqlite3, Close> database_;
};

// Reads the BLOBs of one column piece by piece, so that SQLite never holds a whole one. Keeps its connection in one
// snapshot of the database from the first read until it is destroyed.
class BlobColumn {
 public:
  BlobColumn(Connection& connection, const char* table, const char* column)
      : connection_(connection), table_(table), column_(column) {}

  // The first `count` bytes of the BLOB in `row`, which must have that many. Fails with a timeout at `deadline`.
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

inline bool is_unlocked(Connection::Mode mode) {
  return mode == Connection::Mode::read_unlocked || mode == Connection::Mode::read_log_unlocked;
}

// BEGIN IMMEDIATE ... COMMIT. Rolls back when it is destroyed without a commit.
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
