#include "store/local_flights.h"

#include <condition_variable>
#include <functional>
#include <utility>

#include "base/deadline_lock.h"

namespace libcache::internal {

// What a leader and its followers share.
struct MemoryFlights::Track {
  struct Progress {
    std::string bytes;
    LiveTail::State state = LiveTail::State::flying;
    std::uint64_t size = 0;
  };
  Guarded<Progress> progress;
  std::condition_variable_any changed;
};

namespace {

using Track = MemoryFlights::Track;

class MemoryLease final : public Lease {
 public:
  MemoryLease(std::shared_ptr<Track> track, std::function<void()> leave)
      : track_(std::move(track)), leave_(std::move(leave)) {}
  MemoryLease(const MemoryLease&) = delete;
  MemoryLease& operator=(const MemoryLease&) = delete;
  ~MemoryLease() override { end(LiveTail::State::abandoned, 0); }

  Status append(std::string_view piece, Deadline deadline) override {
    {
      const auto progress = lock_before(deadline, track_->progress);
      if (!progress) return tl::make_unexpected(progress.error());
      (*progress)->bytes += piece;
    }
    track_->changed.notify_all();
    return {};
  }

  Status land(std::uint64_t size, Deadline) override {
    end(LiveTail::State::landed, size);
    return {};
  }

 private:
  void end(LiveTail::State state, std::uint64_t size) {
    if (!leave_) return;
    std::exchange(leave_, nullptr)();
    {
      const auto progress = track_->progress.lock();
      progress->state = state;
      progress->size = size;
    }
    track_->changed.notify_all();
  }

  std::shared_ptr<Track> track_;
  std::function<void()> leave_;
};

class MemoryTail final : public LiveTail {
 public:
  explicit MemoryTail(std::shared_ptr<Track> track) : track_(std::move(track)) {}

  Result<News> read(Deadline deadline) override {
    auto progress = lock_before(deadline, track_->progress);
    if (!progress) return News{};
    const auto is_news = [&] { return (*progress)->bytes.size() > seen_ || (*progress)->state != State::flying; };
    while (!is_news() && !deadline.expired()) track_->changed.wait_until(progress->lock(), deadline.time());
    News news{(*progress)->bytes.substr(seen_), (*progress)->state, (*progress)->size};
    seen_ = (*progress)->bytes.size();
    return news;
  }

 private:
  std::shared_ptr<Track> track_;
  std::size_t seen_ = 0;
};

}  // namespace

Result<Flight> MemoryFlights::join(std::string_view name, Deadline deadline) {
  const auto tracks = lock_before(deadline, *tracks_);
  if (!tracks) return tl::make_unexpected(tracks.error());
  auto& place = (**tracks)[std::string(name)];
  Flight flight;
  if (place) {
    flight.tail = std::make_unique<MemoryTail>(place);
    return flight;
  }
  place = std::make_shared<Track>();
  const auto leave = [all = tracks_, name = std::string(name)] { all->lock()->erase(name); };
  flight.lease = std::make_unique<MemoryLease>(place, leave);
  return flight;
}

}  // namespace libcache::internal
