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

// When the wait for which the timer was set ends, the timer stays as it is: mostly others are waiting when it expires.
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
