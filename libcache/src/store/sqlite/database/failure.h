// Why an operation on the database file failed, and how the store can recover.
#pragma once

#include <libcache/result.h>

#include <string>

struct sqlite3;

namespace libcache::internal::sqlite {

struct Failure {
  enum class Remedy {
    none,
    wait,            // another process holds a lock: try again until the deadline
    set_aside,       // the database is damaged: move it aside and create a new one
    read_unlocked,   // SQLite cannot lock the file, or cannot keep its log beside it: read it without
    write_in_place,  // no disk space for the log: what frees space can do without
  };
  Error error;
  Remedy remedy = Remedy::none;
};

// The result of every function below the functions of the store.
template <class T>
using Outcome = tl::expected<T, Failure>;

// A failure that an operator must remedy.
inline tl::unexpected<Failure> give_up(ErrorCode code, std::string message) {
  return tl::make_unexpected(Failure{Error{code, std::move(message)}, Failure::Remedy::none});
}

// Returns a failure as that of an Outcome of another type.
template <class T>
tl::unexpected<Failure> pass_on(const Outcome<T>& outcome) {
  return tl::make_unexpected(outcome.error());
}

// Translates SQLite's (extended) result codes. `database` is the connection that returned `code`.
Failure failure_of(sqlite3* database, int code);
// The same for one that could not open the file at `path`.
Failure failure_of(sqlite3* database, int code, const std::string& path);

}  // namespace libcache::internal::sqlite
