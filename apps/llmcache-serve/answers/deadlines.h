// The deadlines of many waits, nearly all of which end earlier, with one timer: to set a timer for each would take two calls
// of the system.
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
