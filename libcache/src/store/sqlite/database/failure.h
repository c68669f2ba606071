// Why something on the database file did not work, and what the store can do about that by itself.
#pragma once

#include <libcache/result.h>

#include <string>

struct sqlite3;

namespace libcache::internal::sqlite {

struct Failure {
  enum class Remedy {
    none,
    wait,            // another process holds a lock: try again until the deadline
    set_aside,       // the file is no database or a damaged one: move it away and begin a fresh one
    read_immutable,  // SQLite cannot keep its lock files beside the database: read it as it lies
  };
  Error error;
  Remedy remedy = Remedy::none;
};

// What every function below the store's verbs returns.
template <class T>
using Outcome = tl::expected<T, Failure>;

// A failure that nothing but a person can remedy.
inline tl::unexpected<Failure> give_up(ErrorCode code, std::string message) {
  return tl::make_unexpected(Failure{Error{code, std::move(message)}, Failure::Remedy::none});
}

// Hands a failure on to the caller, whose own Outcome is of another type.
template <class T>
tl::unexpected<Failure> pass_on(const Outcome<T>& outcome) {
  return tl::make_unexpected(outcome.error());
}

// The one place that knows what SQLite's (extended) result codes mean to us. `database` is the connection that gave it.
Failure failure_of(sqlite3* database, int code);

}  // namespace libcache::internal::sqlite
