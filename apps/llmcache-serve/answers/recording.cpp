#include "answers/recording.h"

#include <chrono>

namespace llmcache::serve {

namespace {

constexpr std::size_t kMostWaitingBytes = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds kCollectingTime{5};

}  // namespace

void RecordingQueue::add(std::shared_ptr<Recording> recording) {
  waiting_.push_back(std::move(recording));
  if (waiting_.size() > 1) return;
  timer_.expires_after(kCollectingTime);
  timer_.async_wait([self = shared_from_this()](auto) {
    boost::asio::post(self->workers_, [recordings = std::exchange(self->waiting_, {})] {
      for (const auto& waiting : recordings) waiting->write_in_turn();
    });
  });
}

bool Recording::write(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  // Otherwise the recording is in the queue already.
  if (waiting_.empty()) queue_->add(shared_from_this());
  waiting_ += bytes;
  is_behind_ = waiting_.size() > kMostWaitingBytes;
  return !is_behind_;
}

void Recording::write_in_turn() {
  boost::asio::dispatch(strand_, [self = shared_from_this()] { self->write_waiting(); });
}

void Recording::write_waiting() {
  std::string bytes;
  bool was_behind = false;
  {
    const std::lock_guard lock(mutex_);
    bytes.swap(waiting_);
    was_behind = std::exchange(is_behind_, false);
  }
  // One write for all: each would be a write to the flight's file.
  (void)fill_->write(bytes);
  if (was_behind) on_caught_up_();
}

}  // namespace llmcache::serve
