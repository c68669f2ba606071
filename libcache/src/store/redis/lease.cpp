#include <signal.h>

#include <condition_variable>
#include <thread>
#include <utility>

#include "base/guarded.h"
#include "store/redis/flights.h"

namespace libcache::internal::redis {

namespace {

constexpr Milliseconds kBetweenRenewals = kLeaseTime / 4;
constexpr Milliseconds kReleaseBudget{500};

// A thread that calls `renew` now and then until it is destroyed. Signals are for the program's own threads.
class Renewer {
 public:
  explicit Renewer(std::function<void()> renew) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this, renew = std::move(renew)] {
      auto stopped = stopped_.lock();
      while (!changed_.wait_for(stopped.lock(), kBetweenRenewals, [&] { return *stopped; })) {
        stopped.lock().unlock();
        renew();
        stopped.lock().lock();
      }
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  Renewer(const Renewer&) = delete;
  Renewer& operator=(const Renewer&) = delete;
  ~Renewer() {
    *stopped_.lock() = true;
    changed_.notify_all();
    thread_.join();
  }

 private:
  Guarded<bool> stopped_{false};
  std::condition_variable_any changed_;
  std::thread thread_;
};

class RedisLease final : public Lease {
 public:
  RedisLease(Client& client, FlightNames names)
      : client_(client), names_(std::move(names)), renewer_(std::in_place, [this] { renew(); }) {}
  RedisLease(const RedisLease&) = delete;
  RedisLease& operator=(const RedisLease&) = delete;
  ~RedisLease() override {
    if (renewer_) (void)finish(kAbandonedField, 0, Deadline::after(kReleaseBudget));
  }

  Status append(std::string_view piece, Deadline deadline) override {
    std::vector<Command> commands = {{"XADD", names_.live, "*", kPieceField, piece}};
    if (!appended_) commands.push_back({"PEXPIRE", names_.live, live_time_});
    const auto replies = client_.run_all(commands, Repeat::forbidden, deadline);
    if (!replies) return tl::make_unexpected(replies.error());
    for (std::size_t i = 0; i < commands.size(); ++i) {
      if ((*replies)[i].is_error()) return client_.refused((*replies)[i], commands[i]);
    }
    appended_ = true;
    return {};
  }

  Status end(FlightState how, std::uint64_t size, Deadline deadline) override {
    const std::string_view field = how == FlightState::stored     ? kStoredField
                                   : how == FlightState::complete ? kCompleteField
                                                                  : kAbandonedField;
    return renewer_ ? finish(field, size, deadline) : Status();
  }

  Result<bool> has_followers(Deadline deadline) override {
    const Command command = {"EXISTS", names_.followed};
    const auto reply = client_.run(command, Repeat::allowed, deadline);
    if (!reply) return tl::make_unexpected(reply.error());
    if (reply->is_error()) return client_.refused(*reply, command);
    return reply->integer != 0;
  }

 private:
  // The last record wakes the followers; then the lease is free.
  Status finish(std::string_view field, std::uint64_t size, Deadline deadline) {
    renewer_.reset();
    const std::string value = std::to_string(size);
    const std::vector<Command> first = {{"XADD", names_.live, "*", field, value}, {"PEXPIRE", names_.live, live_time_}};
    return while_held(first, {{"DEL", names_.lease}}, deadline);
  }

  void renew() {
    const auto renewed = while_held({}, {{"PEXPIRE", names_.lease, lease_time_}, {"PEXPIRE", names_.live, live_time_}},
                                    Deadline::after(kBetweenRenewals));
    // A slot may have moved: this looks where to, for the next time.
    if (!renewed) (void)client_.run({"GET", names_.lease}, Repeat::allowed, Deadline::after(kReleaseBudget));
  }

  // Sends `first`, whatever comes of it; and `then` if the lease is still ours, which nobody can change in between.
  Status while_held(std::vector<Command> first, const std::vector<Command>& then, Deadline deadline) {
    const auto use = [&](Connection& connection) -> Status {
      first.push_back({"WATCH", names_.lease});
      first.push_back({"GET", names_.lease});
      const auto seen = connection.run(first, deadline);
      if (!seen) return tl::make_unexpected(seen.error());
      const Reply& holder = seen->back();
      std::vector<Command> commands = {{"UNWATCH"}};
      if (!holder.is_error() && holder.text == names_.token) {
        commands = {{"MULTI"}};
        commands.insert(commands.end(), then.begin(), then.end());
        commands.push_back({"EXEC"});
      }
      const auto done = connection.run(commands, deadline);
      if (!done) return tl::make_unexpected(done.error());
      if (holder.is_error()) return client_.refused(holder, first.back());
      if (done->back().is_error()) return client_.refused(done->back(), commands.back());
      return {};
    };
    return client_.on_one_connection(names_.lease, use, deadline);
  }

  Client& client_;
  const FlightNames names_;
  const std::string lease_time_ = std::to_string(kLeaseTime.count());
  const std::string live_time_ = std::to_string(kLiveTime.count());
  bool appended_ = false;
  std::optional<Renewer> renewer_;  // none once the flight is over
};

}  // namespace

std::unique_ptr<Lease> make_lease(Client& client, FlightNames names) {
  return std::make_unique<RedisLease>(client, std::move(names));
}

}  // namespace libcache::internal::redis
