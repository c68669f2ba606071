#include "store/redis/server/pool.h"

#include <algorithm>
#include <utility>

namespace libcache::internal::redis {

using Steady = std::chrono::steady_clock;

Pool::Place::Place(Place&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)), member_(std::exchange(other.member_, std::nullopt)) {}

Pool::Place::~Place() {
  if (pool_) pool_->release(std::move(member_));
}

Result<Connection*> Pool::Place::connect(Deadline deadline) {
  while (!member_ || !member_->connection.is_usable()) {
    member_ = pool_->take_idle();
    if (member_) continue;
    auto connection = Connection::open(pool_->endpoint_, pool_->connection_, deadline.capped(pool_->connect_timeout_));
    if (!connection) return fail(connection.error());
    const auto now = Steady::now();
    member_.emplace(std::move(*connection), now, now);
    break;
  }
  return &member_->connection;
}

Pool::Pool(Endpoint endpoint, ConnectionOptions connection, PoolOptions options, Milliseconds connect_timeout)
    : endpoint_(std::move(endpoint)),
      connection_(std::move(connection)),
      options_(options),
      connect_timeout_(connect_timeout) {}

Result<Pool::Place> Pool::reserve(Deadline deadline) {
  auto state = state_.lock();
  const std::size_t size = std::max<std::size_t>(1, options_.size);
  if (!released_.wait_until(state.lock(), deadline.time(), [&] { return state->reserved < size; })) {
    return fail(ErrorCode::timeout, endpoint_.name() + ": timed out while all " + std::to_string(size) +
                                        " connections of the pool were in use");
  }
  ++state->reserved;
  return Place(*this);
}

// The connection used last, so that the others become old enough to be closed.
std::optional<Pool::Member> Pool::take_idle() {
  std::vector<Member> outdated;  // destroyed after the lock, because that closes the connections
  const auto state = state_.lock();
  outdated = take_outdated(*state, Steady::now());
  if (state->idle.empty()) return std::nullopt;
  std::optional<Member> member = std::move(state->idle.back());
  state->idle.pop_back();
  return member;
}

std::vector<Pool::Member> Pool::take_outdated(State& state, TimePoint now) const {
  std::vector<Member> outdated;
  std::erase_if(state.idle, [&](Member& member) {
    const bool too_old = options_.max_lifetime && now - member.opened > *options_.max_lifetime;
    const bool unused = options_.max_idle_time && now - member.last_used > *options_.max_idle_time &&
                        state.idle.size() - outdated.size() > options_.min_idle;
    if (too_old || unused) outdated.push_back(std::move(member));
    return too_old || unused;
  });
  return outdated;
}

// A connection that is not kept is closed by the caller, without the lock.
void Pool::release(std::optional<Member> member) {
  {
    const auto state = state_.lock();
    --state->reserved;
    if (member && !member->connection.is_broken() && state->idle.size() < options_.max_idle) {
      member->last_used = Steady::now();
      state->idle.push_back(*std::exchange(member, std::nullopt));
    }
  }
  released_.notify_one();
}

void Pool::close_idle() {
  std::vector<Member> closed;  // destroyed after the lock
  const auto state = state_.lock();
  closed.swap(state->idle);
}

}  // namespace libcache::internal::redis
