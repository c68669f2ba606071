// One timer for the deadlines of many waits. Nearly all of them end before their deadline, so that a timer for each would
// only cost system calls.
#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <optional>

#include "event_loop.h"

namespace llmcache::serve {

// Lives on the event loop.
class Deadlines {
 public:
  using TimePoint = Timer::time_point;
  using Waits = std::multimap<TimePoint, Timer*>;

  // As long as this exists: cancels `waiting`, once, when `until` has passed.
  class Deadline {
   public:
    Deadline(Deadlines& deadlines, TimePoint until, Timer& waiting);
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    ~Deadline();

   private:
    Deadlines& deadlines_;
    Waits::iterator place_;
  };

  explicit Deadlines(boost::asio::io_context& loop) : timer_(loop) {}

 private:
  void set_timer(TimePoint until);
  void expire();

  Timer timer_;
  std::optional<TimePoint> timer_end_;  // when it expires, if it is set
  Waits waits_;
};

}  // namespace llmcache::serve
