#include "answers/deadlines.h"

#include <iterator>

namespace llmcache::serve {

Deadlines::Deadline::Deadline(Deadlines& deadlines, TimePoint until, Timer& waiting)
    : deadlines_(deadlines), place_(deadlines.waits_.emplace_hint(deadlines.waits_.end(), until, &waiting)) {
  if (!deadlines.timer_end_ || until < *deadlines.timer_end_) deadlines.set_timer(until);
}

Deadlines::Deadline::~Deadline() {
  deadlines_.waits_.erase(place_);
}

// The timer stays set when the wait for which it was set has ended: mostly there are others when it expires.
void Deadlines::set_timer(TimePoint until) {
  timer_end_ = until;
  timer_.expires_at(until);
  timer_.async_wait([this](auto error) {
    if (!error) expire();
  });
}

void Deadlines::expire() {
  timer_end_.reset();
  const auto next = waits_.upper_bound(Timer::clock_type::now());
  for (auto wait = waits_.begin(); wait != next; ++wait) wait->second->cancel();
  if (next != waits_.end()) set_timer(next->first);
}

}  // namespace llmcache::serve
