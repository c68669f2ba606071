#include "store/redis/server/pool.h"

#include <algorithm>
#include <utility>

namespace libcache::internal::redis {

using Steady = std::chrono::steady_clock;

Pool::Lease::Lease(Lease&& other) noexcept
    : pool_(other.pool_), pooled_(std::exchange(other.pooled_, std::nullopt)), keep_(other.keep_) {}

Pool::Lease::~Lease() {
  if (!pooled_) return;
  if (keep_ && !pooled_->connection.is_broken()) {
    pool_->give_back(std::move(*pooled_));
  } else {
    pool_->forget();
  }
}

Pool::Pool(Endpoint endpoint, ConnectionOptions connection, PoolOptions options, Milliseconds connect_timeout)
    : endpoint_(std::move(endpoint)),
      connection_(std::move(connection)),
      options_(options),
      connect_timeout_(connect_timeout) {}

Result<Pool::Lease> Pool::acquire(Deadline deadline, bool* busy) {
  for (;;) {
    auto pooled = take_idle(deadline);
    if (busy) *busy = !pooled;
    if (!pooled) return tl::make_unexpected(pooled.error());
    if (!*pooled) break;
    if ((*pooled)->connection.is_usable()) return Lease(*this, std::move(**pooled));
    forget();
  }
  auto connection = Connection::open(endpoint_, connection_, deadline.capped(connect_timeout_));
  if (!connection) {
    forget();
    return tl::make_unexpected(connection.error());
  }
  const auto now = Steady::now();
  return Lease(*this, Pooled{std::move(*connection), now, now});
}

// The connection used last, so that the others grow old and can be closed; nothing: the caller may open one.
Result<std::optional<Pool::Pooled>> Pool::take_idle(Deadline deadline) {
  std::vector<Pooled> outdated;  // closed when the lock is no longer held
  auto state = state_.lock();
  outdated = take_outdated(*state, Steady::now());
  const std::size_t size = std::max<std::size_t>(1, options_.size);
  const auto available = [&] { return !state->idle.empty() || state->open < size; };
  if (!freed_.wait_until(state.lock(), deadline.time(), available)) {
    return fail(ErrorCode::timeout, endpoint_.name() + ": timed out waiting for one of the " + std::to_string(size) +
                                        " connections that may be open");
  }
  if (state->idle.empty()) {
    ++state->open;
    return std::nullopt;
  }
  Pooled pooled = std::move(state->idle.back());
  state->idle.pop_back();
  return pooled;
}

std::vector<Pool::Pooled> Pool::take_outdated(State& state, TimePoint now) const {
  std::vector<Pooled> outdated;
  std::erase_if(state.idle, [&](Pooled& pooled) {
    const bool too_old = options_.max_lifetime && now - pooled.opened > *options_.max_lifetime;
    const bool unused = options_.max_idle_time && now - pooled.used > *options_.max_idle_time &&
                        state.idle.size() - outdated.size() > options_.min_idle;
    if (too_old || unused) outdated.push_back(std::move(pooled));
    return too_old || unused;
  });
  state.open -= outdated.size();
  return outdated;
}

void Pool::give_back(Pooled pooled) {
  pooled.used = Steady::now();
  std::optional<Pooled> surplus;  // closed when the lock is no longer held
  {
    const auto state = state_.lock();
    if (state->idle.size() < options_.max_idle) {
      state->idle.push_back(std::move(pooled));
    } else {
      surplus = std::move(pooled);
      --state->open;
    }
  }
  freed_.notify_one();
}

void Pool::forget() {
  --state_.lock()->open;
  freed_.notify_one();
}

void Pool::close_idle() {
  std::vector<Pooled> closed;
  const auto state = state_.lock();
  closed.swap(state->idle);
  state->open -= closed.size();
}

}  // namespace libcache::internal::redis
