#include "answers/recording.h"

#include <chrono>

namespace llmcache::serve {

namespace {

constexpr std::size_t kMostWaitingBytes = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds kCollectingTime{5};
// With many streams more is collected: two or three chunks of each for one write.
constexpr std::size_t kMany = 100;
constexpr std::chrono::milliseconds kCollectingTimeOfMany{40};

}  // namespace

void RecordingQueue::add(std::shared_ptr<Recording> recording) {
  waiting_.push_back(std::move(recording));
  if (waiting_.size() > 1) return;
  timer_.expires_after(last_count_ > kMany ? kCollectingTimeOfMany : kCollectingTime);
  timer_.async_wait([self = shared_from_this()](auto) {
    self->last_count_ = self->waiting_.size();
    boost::asio::post(self->workers_, [recordings = std::exchange(self->waiting_, {})] {
      for (const auto& waiting : recordings) waiting->write_in_turn();
    });
  });
}

bool Recording::write(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  // Otherwise it is in the queue already, or a worker has been asked.
  if (steps_.empty()) queue_->add(shared_from_this());
  // One write for all that waits: each would be a write to the flight's file.
  if (steps_.empty() || steps_.back().work) steps_.emplace_back();
  steps_.back().bytes += bytes;
  waiting_bytes_ += bytes.size();
  is_behind_ = waiting_bytes_ > kMostWaitingBytes;
  return !is_behind_;
}

void Recording::write_in_turn() {
  boost::asio::dispatch(strand_, [self = shared_from_this()] { self->take_steps(); });
}

void Recording::take_steps() {
  std::vector<Step> steps;
  bool was_behind = false;
  {
    const std::lock_guard lock(mutex_);
    steps.swap(steps_);
    waiting_bytes_ = 0;
    was_behind = std::exchange(is_behind_, false);
  }
  for (const Step& step : steps) {
    if (step.work) {
      step.work(*fill_);
    } else {
      (void)fill_->write(step.bytes);
    }
  }
  if (was_behind) on_caught_up_();
}

}  // namespace llmcache::serve
