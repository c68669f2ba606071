#include "store/redis/server/breaker.h"

namespace libcache::internal::redis {

bool Breaker::allow(TimePoint now) {
  const auto state = state_.lock();
  if (!state->open) return true;
  if (state->probing || now < state->retry_at) return false;
  state->probing = true;
  return true;
}

Breaker::Change Breaker::record(bool success, TimePoint now) {
  const auto state = state_.lock();
  const bool was_open = state->open;
  if (success) {
    *state = {};
    return was_open ? Change::closed : Change::none;
  }
  ++state->failures;
  state->probing = false;
  if (state->failures < failures_) return Change::none;
  state->open = true;
  state->retry_at = now + pause_;
  return was_open ? Change::none : Change::opened;
}

void Breaker::withdraw() {
  state_.lock()->probing = false;
}

}  // namespace libcache::internal::redis
