// The open connections to one server.
#pragma once

#include <libcache/redis_options.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <chrono>
#include <condition_variable>
#include <optional>
#include <vector>

#include "base/guarded.h"
#include "store/redis/wire/connection.h"

namespace libcache::internal::redis {

// Opens connections when they are needed and keeps them for the next caller. Thread-safe.
class Pool {
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Member {
    Connection connection;
    TimePoint opened;
    TimePoint last_used;
  };

 public:
  // A caller's right to use one connection. Must not outlive the pool. When it is destroyed, its connection goes back to
  // the pool, unless it is broken.
  class Place {
   public:
    Place(Place&& other) noexcept;
    ~Place();
    // A usable connection: the same as before, an idle one of the pool, or a new one. Fails as Connection::open does.
    Result<Connection*> connect(Deadline deadline);
    // Closes the connection instead of giving it back.
    void discard() { member_.reset(); }

   private:
    friend Pool;
    explicit Place(Pool& pool) : pool_(&pool) {}
    Pool* pool_;
    std::optional<Member> member_;
  };

  Pool(Endpoint endpoint, ConnectionOptions connection, PoolOptions options, Milliseconds connect_timeout);

  // Waits until fewer than the largest number of connections are in use. Fails: timeout.
  Result<Place> reserve(Deadline deadline);
  // Whether a connection is open that is not in use.
  bool has_idle() { return !state_.lock()->idle.empty(); }
  // Closes all connections that are not in use.
  void close_idle();

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  struct State {
    std::vector<Member> idle;  // the most recently used last
    std::size_t reserved = 0;  // places
  };

  std::optional<Member> take_idle();
  std::vector<Member> take_outdated(State& state, TimePoint now) const;
  void release(std::optional<Member> member);

  const Endpoint endpoint_;
  const ConnectionOptions connection_;
  const PoolOptions options_;
  const Milliseconds connect_timeout_;
  Guarded<State> state_;
  std::condition_variable_any released_;
};

}  // namespace libcache::internal::redis
