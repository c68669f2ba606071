#include "store/local_flights.h"

#include <condition_variable>
#include <utility>

#include "base/deadline_lock.h"

namespace libcache::internal {

namespace {

constexpr std::size_t kLongestUnfollowed = 8 << 20;
constexpr std::size_t kLongestFollowed = 64 << 20;

}  // namespace

// The state that a leader and its followers share.
struct LocalFlights::Track {
  struct Content {
    std::string bytes;
    bool too_long = false;  // no further bytes are taken
    int followers = 0;
    FlightState state = FlightState::flying;
    std::uint64_t size = 0;
  };
  Guarded<Content> content;
  std::condition_variable_any changed;
};

namespace {

using Track = LocalFlights::Track;

class LocalLease final : public Lease {
 public:
  LocalLease(std::shared_ptr<Track> track, std::function<void()> leave)
      : track_(std::move(track)), leave_(std::move(leave)) {}
  LocalLease(const LocalLease&) = delete;
  LocalLease& operator=(const LocalLease&) = delete;
  ~LocalLease() override { finish(FlightState::abandoned, 0); }

  Status append(std::string_view piece, Deadline deadline) override {
    {
      const auto content = lock_before(deadline, track_->content);
      if (!content) return fail(content.error());
      if (!take(**content, piece))
        return fail(ErrorCode::refused, "the value is too long to be shared while it arrives");
    }
    track_->changed.notify_all();
    return {};
  }

  Status end(FlightState how, std::uint64_t size, Deadline) override {
    finish(how, size);
    return {};
  }

  Result<bool> has_followers(Deadline deadline) override {
    const auto content = lock_before(deadline, track_->content);
    if (!content) return fail(content.error());
    return (*content)->followers > 0;
  }

 private:
  static bool take(Track::Content& content, std::string_view piece) {
    const std::size_t longest = content.followers > 0 ? kLongestFollowed : kLongestUnfollowed;
    content.too_long = content.too_long || content.bytes.size() + piece.size() > longest;
    if (!content.too_long) content.bytes += piece;
    if (content.too_long && content.followers == 0) content.bytes = std::string();
    return !content.too_long;
  }

  void finish(FlightState state, std::uint64_t size) {
    if (!leave_) return;
    std::exchange(leave_, nullptr)();
    {
      const auto content = track_->content.lock();
      content->state = state;
      content->size = size;
    }
    track_->changed.notify_all();
  }

  std::shared_ptr<Track> track_;
  std::function<void()> leave_;
};

class LocalTail final : public LiveTail {
 public:
  explicit LocalTail(std::shared_ptr<Track> track) : track_(std::move(track)) { ++track_->content.lock()->followers; }
  LocalTail(const LocalTail&) = delete;
  LocalTail& operator=(const LocalTail&) = delete;
  ~LocalTail() override { --track_->content.lock()->followers; }

  Result<News> read(Deadline deadline) override {
    auto content = lock_before(deadline, track_->content);
    if (!content) return News{};
    const auto is_news = [&] { return (*content)->bytes.size() > seen_ || (*content)->state != FlightState::flying; };
    while (!is_news() && !deadline.expired()) track_->changed.wait_until(content->lock(), deadline.time());
    if (!is_news()) return News{};
    News news{.bytes = {}, .state = (*content)->state, .size = (*content)->size};
    if (seen_ < (*content)->bytes.size()) news.bytes = (*content)->bytes.substr(seen_);
    seen_ += news.bytes.size();
    return news;
  }

 private:
  std::shared_ptr<Track> track_;
  std::size_t seen_ = 0;
};

}  // namespace

Result<Flight> LocalFlights::join(std::string_view name, Deadline deadline) {
  const auto tracks = lock_before(deadline, *tracks_);
  if (!tracks) return fail(tracks.error());
  auto& place = (**tracks)[std::string(name)];
  Flight flight;
  if (place) {
    flight.tail = std::make_unique<LocalTail>(place);
    return flight;
  }
  place = std::make_shared<Track>();
  const auto leave = [all = tracks_, name = std::string(name)] { all->lock()->erase(name); };
  flight.lease = std::make_unique<LocalLease>(place, leave);
  return flight;
}

}  // namespace libcache::internal
