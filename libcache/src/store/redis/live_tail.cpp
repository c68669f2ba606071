#include <algorithm>
#include <thread>
#include <utility>

#include "store/redis/flights.h"
#include "text/integer.h"

namespace libcache::internal::redis {

namespace {

constexpr std::size_t kMostRecords = 256;  // in one reply
// How long a read that has reached its deadline may take to find that there is nothing new.
constexpr Milliseconds kRoundTrip{250};
// Until a follower without a place to wait asks again.
constexpr Milliseconds kPause{50};

// A place to wait at the server, if one is free.
class WaitingPlace {
 public:
  explicit WaitingPlace(std::atomic<int>& places) : places_(places), is_taken_(places.fetch_sub(1) > 0) {
    if (!is_taken_) ++places_;
  }
  WaitingPlace(const WaitingPlace&) = delete;
  WaitingPlace& operator=(const WaitingPlace&) = delete;
  ~WaitingPlace() {
    if (is_taken_) ++places_;
  }
  explicit operator bool() const { return is_taken_; }

 private:
  std::atomic<int>& places_;
  const bool is_taken_;
};

class RedisTail final : public LiveTail {
 public:
  RedisTail(Client& client, FlightNames names, std::string lease, Waiting& waiting)
      : client_(client), names_(std::move(names)), joined_(std::move(lease)), waiting_(waiting) {}

  Result<News> read(Deadline deadline) override {
    for (bool led = true;;) {
      auto round = led && !in_backlog_ ? wait(deadline) : ask(Milliseconds(0), deadline);
      if (!round && round.error().code == ErrorCode::timeout && deadline.expired()) return News{};
      if (!round) return fail(round.error());
      keep(*round);
      if (round->news.state != FlightState::flying) return give_out(std::move(round->news));
      // Without a leader, one more round follows: it may have appended a last record after this round had looked for
      // one.
      if (!round->led && !led && round->records == 0) return News{.bytes = {}, .state = FlightState::abandoned};
      if (is_leader_alive_ && !kept_.empty()) return give_out(std::move(round->news));
      led = round->led;
      if (led && deadline.expired()) return News{};
    }
  }

 private:
  struct Round {
    News news;
    std::size_t records = 0;
    bool led = true;       // our leader holds the lease
    bool renewed = false;  // it has renewed the lease since we joined
  };

  // Pieces from before we joined may be those of a dead leader whose lease has not expired yet. They are kept back
  // until the leader shows that it is alive: by a renewal or by another piece.
  void keep(Round& round) {
    is_leader_alive_ = is_leader_alive_ || round.renewed || (!in_backlog_ && round.records > 0);
    in_backlog_ = in_backlog_ && round.records == kMostRecords;
    kept_ += std::exchange(round.news.bytes, {});
  }

  News give_out(News news) {
    news.bytes = std::exchange(kept_, {});
    return news;
  }

  Result<Round> wait(Deadline deadline) {
    const WaitingPlace place(waiting_.places);
    if (place) return ask(std::min(waiting_.longest_block, deadline.remaining()), deadline);
    std::this_thread::sleep_for(std::min(kPause, deadline.remaining()));
    return ask(Milliseconds(0), deadline);
  }

  // Waits for further records for the time `block`, and then asks who holds the lease.
  Result<Round> ask(Milliseconds block, Deadline deadline) {
    const std::string time = std::to_string(block.count());
    const std::string most = std::to_string(kMostRecords);
    const std::string last = last_;
    Command read = {"XREAD", "COUNT", most};
    if (block > Milliseconds(0)) read.insert(read.end(), {"BLOCK", time});  // BLOCK 0 would wait forever
    read.insert(read.end(), {"STREAMS", names_.live, last});
    const std::vector<Command> commands = {{"XADD", names_.followed, "MAXLEN", "1", "*", "at", last},
                                           {"PEXPIRE", names_.followed, followed_time_},
                                           std::move(read),
                                           {"GET", names_.lease}};
    const auto until = deadline.remaining() < kRoundTrip ? Deadline::after(kRoundTrip) : deadline;
    const auto replies = client_.run_all(commands, Repeat::allowed, until);
    if (!replies) return fail(replies.error());
    const std::string& lease = replies->back().text;
    Round round;
    round.led = token_in(lease) == token_in(joined_);
    round.renewed = round.led && lease != joined_;
    const Reply& records = (*replies)[2];
    if (!records.is_nil() && !take(records, round)) {
      return fail(ErrorCode::refused, client_.url() + " sent a malformed reply to XREAD");
    }
    return round;
  }

  // The reply contains one stream: its name and its records. A record has an id, and one field with its value.
  bool take(const Reply& reply, Round& round) {
    if (reply.elements.size() != 1 || reply.elements[0].elements.size() != 2) return false;
    for (const Reply& record : reply.elements[0].elements[1].elements) {
      if (record.elements.size() != 2 || record.elements[1].elements.size() != 2) return false;
      ++round.records;
      last_ = record.elements[0].text;
      const std::string& field = record.elements[1].elements[0].text;
      const std::string& value = record.elements[1].elements[1].text;
      if (field == kPieceField) {
        round.news.bytes += value;
      } else if (field == kStoredField || field == kCompleteField) {
        round.news.state = field == kStoredField ? FlightState::stored : FlightState::complete;
        const auto size = parse_integer<std::uint64_t>(value);
        if (!size) return false;
        round.news.size = *size;
      } else {
        round.news.state = FlightState::abandoned;
      }
    }
    return true;
  }

  Client& client_;
  const FlightNames names_;
  const std::string joined_;  // the lease when we joined
  Waiting& waiting_;
  const std::string followed_time_ = std::to_string(kFollowedTime.count());
  std::string last_ = "0";        // the id of the last record read
  std::string kept_;              // bytes that have not been given out
  bool in_backlog_ = true;        // reading what was there before we joined
  bool is_leader_alive_ = false;  // since we joined
};

}  // namespace

std::unique_ptr<LiveTail> make_live_tail(Client& client, FlightNames names, std::string lease, Waiting& waiting) {
  return std::make_unique<RedisTail>(client, std::move(names), std::move(lease), waiting);
}

}  // namespace libcache::internal::redis
