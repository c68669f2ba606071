#include "answers/recording.h"

namespace llmcache::serve {

namespace {

constexpr std::size_t kMostWaitingBytes = 8 * 1024 * 1024;

}  // namespace

void Recording::write(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (given_up_) return;
  given_up_ = waiting_bytes_ + bytes.size() > kMostWaitingBytes;
  if (given_up_) {
    waiting_ = {};
    run([](libcache::Fill& fill) { fill.abandon(); });
    return;
  }
  waiting_bytes_ += bytes.size();
  waiting_.emplace_back(bytes);
  // Otherwise it is written with what waits already.
  if (waiting_.size() == 1) boost::asio::post(strand_, [self = shared_from_this()] { self->write_waiting(); });
}

void Recording::write_waiting() {
  std::vector<std::string> pieces;
  {
    const std::lock_guard lock(mutex_);
    pieces.swap(waiting_);
    waiting_bytes_ = 0;
  }
  for (const std::string& piece : pieces) (void)fill_->write(piece);
}

}  // namespace llmcache::serve
