// A limit on the time that an operation of a client's socket may take.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "event_loop.h"
#include "server/connection.h"

namespace llmcache::serve {

// Cancels an operation of a socket that takes too long; one operation at a time. The timer is not set for each operation:
// if the current one still has time when the timer expires, the timer is set again.
class TimeLimit {
 public:
  using Clock = std::chrono::steady_clock;

  explicit TimeLimit(ClientSocket::lowest_layer_type& socket) : socket_(socket), timer_(socket.get_executor()) {}

  void start(Clock::duration limit) {
    expired_ = false;
    end_ = Clock::now() + limit;
    if (!timer_end_ || *end_ < *timer_end_) set_timer();
  }
  void stop() { end_.reset(); }
  bool expired() const { return expired_; }

 private:
  void set_timer() {
    timer_end_ = end_;
    timer_.expires_at(*end_);
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code error) {
      if (error || alive.expired()) return;
      timer_end_.reset();
      if (!end_) return;
      if (*end_ > Clock::now()) return set_timer();
      end_.reset();
      expired_ = true;
      boost::system::error_code ignored;
      (void)socket_.cancel(ignored);
    });
  }

  ClientSocket::lowest_layer_type& socket_;
  Timer timer_;
  std::optional<Clock::time_point> end_;        // of the current operation
  std::optional<Clock::time_point> timer_end_;  // when the timer expires, if it is set
  bool expired_ = false;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace llmcache::serve
