#include "cache/fill/lead.h"

#include <unistd.h>

#include "store/local_flights.h"

namespace libcache::internal {

namespace {

// How long a leader may spend on sharing its answer through the store, in addition to half of the time since the answer
// began. A slower store does not help the followers and would delay the leader.
constexpr Milliseconds kAppendBudget{500};
constexpr Milliseconds kAskInterval{250};
constexpr Milliseconds kAskBudget{100};

}  // namespace

Lead::Lead() : process_(::getpid()) {}

// In the child of a fork the flight is still the parent's: the leases must not end it, and their threads do not exist.
Lead::~Lead() {
  if (::getpid() == process_) return;
  (void)shared.release();
  (void)local.release();
}

void Lead::append(std::string_view bytes) {
  size_ += bytes.size();
  if (local && shares_with_threads) (void)local->append(bytes, Deadline::never());
  if (!shared || !live_) return;
  const auto begun = Steady::now();
  if (appending_ == Steady::duration::zero()) first_ = begun;
  const bool appended = shared->append(bytes, Deadline::after(kAppendBudget)).has_value();
  const auto ended = Steady::now();
  appending_ += ended - begun;
  live_ = appended && appending_ <= kAppendBudget + (ended - first_) / 2;
}

void Lead::end(FlightState how, Deadline deadline) {
  if (shared) (void)shared->end(how, size_, deadline);
  if (local) (void)local->end(how, size_, deadline);
}

void Lead::abandon() {
  shared.reset();
  local.reset();
}

void Lead::leave_to_other() {
  if (local) (void)local->end(FlightState::abandoned, kLedElsewhere, Deadline::never());
  local.reset();
}

bool Lead::is_followed() {
  if (local && local->has_followers(Deadline::never()).value_or(false)) return true;
  if (!shared) return false;
  const auto now = Steady::now();
  if (!asked_ || now - *asked_ >= kAskInterval) {
    asked_ = now;
    followed_ = shared->has_followers(Deadline::after(kAskBudget)).value_or(false);
  }
  return followed_;
}

}  // namespace libcache::internal
