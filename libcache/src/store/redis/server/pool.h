// The open connections to one server.
#pragma once

#include <libcache/redis_options.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <chrono>
#include <condition_variable>
#include <vector>

#include "base/guarded.h"
#include "store/redis/wire/connection.h"

namespace libcache::internal::redis {

// Opens connections as they are needed and keeps them for the next caller. Thread-safe.
class Pool {
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Pooled {
    Connection connection;
    TimePoint opened;
    TimePoint used;
  };

 public:
  // The connection of one caller, who may not outlive the pool. Goes back when destroyed, unless broken.
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    ~Lease();
    Connection* operator->() { return &pooled_->connection; }
    Connection& operator*() { return pooled_->connection; }
    // Closes it rather than giving it back.
    void discard() { keep_ = false; }

   private:
    friend Pool;
    Lease(Pool& pool, Pooled pooled) : pool_(&pool), pooled_(std::move(pooled)) {}
    Pool* pool_;
    std::optional<Pooled> pooled_;
    bool keep_ = true;
  };

  Pool(Endpoint endpoint, ConnectionOptions connection, PoolOptions options, Milliseconds connect_timeout);

  // A connection that nobody else uses, a new one if need be. Fails: timeout, when all are in use for too long (then
  // sets `busy`); as Connection::open does.
  Result<Lease> acquire(Deadline deadline, bool* busy = nullptr);
  // Closes what is not in use.
  void close_idle();

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  struct State {
    std::vector<Pooled> idle;  // the latest used last
    std::size_t open = 0;      // in use and idle
  };

  Result<std::optional<Pooled>> take_idle(Deadline deadline);
  std::vector<Pooled> take_outdated(State& state, TimePoint now) const;
  void give_back(Pooled pooled);
  void forget();

  const Endpoint endpoint_;
  const ConnectionOptions connection_;
  const PoolOptions options_;
  const Milliseconds connect_timeout_;
  Guarded<State> state_;
  std::condition_variable_any freed_;
};

}  // namespace libcache::internal::redis
