#include <algorithm>
#include <charconv>
#include <utility>

#include "store/redis/flights.h"

namespace libcache::internal::redis {

namespace {

class RedisTail final : public LiveTail {
 public:
  RedisTail(Client& client, FlightNames names, Milliseconds longest_block)
      : client_(client), names_(std::move(names)), longest_block_(longest_block) {}

  Result<News> read(Deadline deadline) override {
    for (bool led = true;;) {
      auto round = ask(led ? std::min(longest_block_, deadline.remaining()) : Milliseconds(0));
      if (!round) return tl::make_unexpected(round.error());
      if (round->news.state != FlightState::flying || !round->news.bytes.empty()) return std::move(round->news);
      // A last record may have come after this round had looked for one.
      if (!round->led && !led) return News{.bytes = {}, .state = FlightState::abandoned};
      led = round->led;
      if (led && deadline.expired()) return News{};
    }
  }

 private:
  struct Round {
    News news;
    bool led = true;
  };

  // Looks for further records, waiting that long for one, and then whether the flight still has its leader.
  Result<Round> ask(Milliseconds block) {
    const std::string time = std::to_string(block.count());
    const std::string last = last_;
    Command read = {"XREAD", "COUNT", "256"};
    if (block > Milliseconds(0)) read.insert(read.end(), {"BLOCK", time});  // BLOCK 0 would be for ever
    read.insert(read.end(), {"STREAMS", names_.live, last});
    const std::vector<Command> commands = {{"XADD", names_.followed, "MAXLEN", "1", "*", "at", last},
                                           {"PEXPIRE", names_.followed, followed_time_},
                                           std::move(read),
                                           {"GET", names_.lease}};
    const auto replies = client_.run_all(commands, Repeat::allowed, Deadline::never());
    if (!replies) return tl::make_unexpected(replies.error());
    for (std::size_t i = 0; i < commands.size(); ++i) {
      if ((*replies)[i].is_error()) return client_.refused((*replies)[i], commands[i]);
    }
    Round round;
    round.led = replies->back().text == names_.token;
    const Reply& records = (*replies)[2];
    if (!records.is_nil() && !take(records, round.news)) {
      return fail(ErrorCode::refused, client_.url() + " answered XREAD with something else");
    }
    return round;
  }

  // The reply names one stream, which has records of an id and one field with its value.
  bool take(const Reply& reply, News& news) {
    if (reply.elements.size() != 1 || reply.elements[0].elements.size() != 2) return false;
    for (const Reply& record : reply.elements[0].elements[1].elements) {
      if (record.elements.size() != 2 || record.elements[1].elements.size() != 2) return false;
      last_ = record.elements[0].text;
      const std::string& field = record.elements[1].elements[0].text;
      const std::string& value = record.elements[1].elements[1].text;
      if (field == kPieceField) {
        news.bytes += value;
      } else if (field == kStoredField || field == kCompleteField) {
        news.state = field == kStoredField ? FlightState::stored : FlightState::complete;
        std::from_chars(value.data(), value.data() + value.size(), news.size);
      } else {
        news.state = FlightState::abandoned;
      }
    }
    return true;
  }

  Client& client_;
  const FlightNames names_;
  const Milliseconds longest_block_;
  const std::string followed_time_ = std::to_string(kFollowedTime.count());
  std::string last_ = "0";
};

}  // namespace

std::unique_ptr<LiveTail> make_live_tail(Client& client, FlightNames names, Milliseconds longest_block) {
  return std::make_unique<RedisTail>(client, std::move(names), longest_block);
}

}  // namespace libcache::internal::redis
