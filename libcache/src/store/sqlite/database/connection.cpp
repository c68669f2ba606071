#include "store/sqlite/database/connection.h"

#include <sys/stat.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "text/percent.h"

namespace libcache::internal::sqlite {
namespace {

// For others, if there is no deadline.
constexpr Milliseconds kLongestWait{5'000};

bool is_never(Deadline deadline) {
  return deadline.remaining() == Milliseconds::max();
}

int on_busy(void* deadline, int attempt) {
  return back_off(attempt, *static_cast<Deadline*>(deadline)) ? 1 : 0;
}

// The file may come from anywhere: nothing in its schema may run code.
void distrust(sqlite3* database) {
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
}

}  // namespace

bool back_off(int attempt, Deadline deadline) {
  using std::chrono::microseconds;
  constexpr int kMostAttempts = 800;  // in about kLongestWait
  if (deadline.expired() || (is_never(deadline) && attempt >= kMostAttempts)) return false;
  const microseconds pause(100 << std::min(attempt, 6));
  std::this_thread::sleep_for(std::min(pause, microseconds(deadline.capped(Milliseconds(100)).remaining())));
  return true;
}

Deadline limit_of_wait(Deadline deadline) {
  return is_never(deadline) ? deadline.capped(kLongestWait) : deadline;
}

void Query::Reset::operator()(sqlite3_stmt* statement) const {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
}

void Query::bind(int parameter, std::int64_t value) {
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_int64(statement_.get(), parameter, value);
}

void Query::bind(int parameter, std::optional<std::int64_t> value) {
  if (value) bind(parameter, *value);  // an unbound parameter is NULL
}

void Query::bind(int parameter, std::string_view text) {
  if (code_ != SQLITE_OK) return;
  const char* data = text.data() == nullptr ? "" : text.data();  // a null pointer would bind NULL
  code_ = sqlite3_bind_text64(statement_.get(), parameter, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Query::bind(int parameter, Blob blob) {
  if (code_ != SQLITE_OK) return;
  const char* data = blob.bytes.data() == nullptr ? "" : blob.bytes.data();
  code_ = sqlite3_bind_blob64(statement_.get(), parameter, data, blob.bytes.size(), SQLITE_STATIC);
}

Outcome<bool> Query::step() {
  const int code = code_ != SQLITE_OK ? code_ : sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return tl::make_unexpected(failure_of(database_, code));
}

Outcome<void> Query::finish() {
  for (;;) {
    const auto row = step();
    if (!row) return pass_on(row);
    if (!*row) return {};
  }
}

std::string_view Query::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Statement::Statement(const Connection& connection, const char* sql)
    : database_(connection.database_.get()), sql_(sql) {}

int Statement::compile() {
  if (statement_) return SQLITE_OK;
  sqlite3_stmt* compiled = nullptr;
  const int code = sqlite3_prepare_v3(database_, sql_, -1, SQLITE_PREPARE_PERSISTENT, &compiled, nullptr);
  statement_.reset(compiled);
  return code;
}

Outcome<void> Statement::prepare() {
  if (const int code = compile(); code != SQLITE_OK) return tl::make_unexpected(failure_of(database_, code));
  return {};
}

Query Statement::begin() {
  const int code = compile();
  return Query(database_, statement_.get(), code);
}

Outcome<std::int64_t> Statement::integer() {
  auto query = (*this)();
  if (auto row = query.step(); !row) return pass_on(row);
  return query.integer(0);
}

namespace {

// Only connections that change nothing need a URI. For the others a file name has no special characters.
std::string name_of(const std::filesystem::path& file, Connection::Mode mode) {
  const auto uri = [&](const char* parameters) { return "file:" + percent_encoded(file.native()) + parameters; };
  switch (mode) {
    case Connection::Mode::observe:
      return uri("?readonly_shm=1");
    case Connection::Mode::read_log_unlocked:
      return uri("?vfs=unix-none");
    case Connection::Mode::read_unlocked:
      return uri("?immutable=1");
    case Connection::Mode::write:
    case Connection::Mode::write_in_place:
    case Connection::Mode::read:
      break;
  }
  return file.native();
}

// The pragma that must be set before the file is read.
const char* preparation_of(Connection::Mode mode) {
  switch (mode) {
    case Connection::Mode::write_in_place:
      return "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=MEMORY";
    case Connection::Mode::read_log_unlocked:
      return "PRAGMA locking_mode=EXCLUSIVE";  // keeps the index of the log in memory
    case Connection::Mode::read:
      return "PRAGMA query_only=ON";
    default:
      return nullptr;
  }
}

}  // namespace

Outcome<Connection> Connection::open(const std::filesystem::path& file, const FileId& id, Mode mode) {
  const bool changes_nothing = is_unlocked(mode) || mode == Mode::observe;
  const int flags =
      SQLITE_OPEN_NOMUTEX | (changes_nothing ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE);
  Connection connection;
  connection.deadline_ = std::make_unique<Deadline>(Deadline::never());
  if (is_unlocked(mode)) {
    connection.database_.get_deleter().unlocked = id;
  } else {
    connection.locking_ = LockingConnection(id);
  }
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(name_of(file, mode).c_str(), &database, flags, nullptr);
  connection.database_.reset(database);
  if (code != SQLITE_OK) return tl::make_unexpected(failure_of(database, code, file.string()));  // not known to SQLite
  sqlite3_extended_result_codes(database, 1);
  distrust(database);
  sqlite3_busy_handler(database, on_busy, connection.deadline_.get());
  if (const char* preparation = preparation_of(mode)) {
    if (auto prepared = connection.execute(preparation); !prepared) return pass_on(prepared);
  }
  return connection;
}

void Connection::stop_at_deadline() {
  constexpr int kInstructions = 100;  // between checks of the clock
  const auto passed = [](void* deadline) { return static_cast<Deadline*>(deadline)->expired() ? 1 : 0; };
  sqlite3_progress_handler(database_.get(), kInstructions, passed, deadline_.get());
}

// The last connection to close writes the log back into the database and removes it: a database that is not in use is one
// file, which can be copied and committed.
void Connection::Close::operator()(sqlite3* database) const {
  if (unlocked) {
    lock_open_files()->close(*unlocked, database);
    return;
  }
  sqlite3_busy_handler(database, nullptr, nullptr);  // no longer waits for locks
  sqlite3_close_v2(database);
}

Outcome<void> Connection::check(int code) const {
  if (code == SQLITE_OK) return {};
  return tl::make_unexpected(failure_of(database_.get(), code));
}

Outcome<void> Connection::execute(const char* sql) {
  return check(sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr));
}

bool Connection::moved() const {
  int moved = 0;
  sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

Outcome<void> BlobColumn::move_to(std::int64_t row) {
  if (blob_) return connection_.check(sqlite3_blob_reopen(blob_.get(), row));
  sqlite3_blob* blob = nullptr;
  const int code = sqlite3_blob_open(connection_.database_.get(), "main", table_, column_, row, 0, &blob);
  blob_.reset(blob);
  return connection_.check(code);
}

Outcome<std::string> BlobColumn::read(std::int64_t row, std::size_t count, Deadline deadline) {
  constexpr std::size_t kPiece = 1 << 20;
  if (auto moved = move_to(row); !moved) return pass_on(moved);
  std::string bytes;
  bytes.reserve(
      count);  // a damaged database may declare more bytes than it has: memory is touched only as bytes arrive
  while (bytes.size() < count) {
    if (deadline.expired())
      return give_up(ErrorCode::timeout, "the deadline passed while a large value was being read");
    const auto offset = bytes.size();
    const auto piece = std::min(kPiece, count - offset);
    bytes.resize(offset + piece);
    const int code =
        sqlite3_blob_read(blob_.get(), bytes.data() + offset, static_cast<int>(piece), static_cast<int>(offset));
    if (auto read = connection_.check(code); !read) return pass_on(read);
  }
  return bytes;
}

Outcome<Transaction> Transaction::begin(Connection& connection) {
  if (auto begun = connection.execute("BEGIN IMMEDIATE"); !begun) return pass_on(begun);
  return Transaction(connection);
}

Outcome<void> Transaction::commit() {
  return connection_->execute("COMMIT");
}

void Transaction::Rollback::operator()(Connection* connection) const {
  if (connection->in_transaction()) (void)connection->execute("ROLLBACK");
}

}  // namespace libcache::internal::sqlite
