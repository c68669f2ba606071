#include <condition_variable>
#include <thread>
#include <utility>

#include "base/guarded.h"
#include "base/thread.h"
#include "store/redis/flights.h"
#include "store/shared_bytes.h"

namespace libcache::internal::redis {

namespace {

constexpr Milliseconds kBetweenRenewals = kLeaseTime / 4;
constexpr Milliseconds kRenewalTimeout = kLeaseTime / 2;
constexpr Milliseconds kReleaseTimeout{250};

// Calls `renew` regularly on its own thread, until that returns false or this is destroyed. The destructor interrupts a
// renewal that is waiting for the server.
class Renewer {
 public:
  explicit Renewer(std::function<bool(Renewer&)> renew) {
    thread_ = start_thread([this, renew = std::move(renew)] {
      while (!wait() && renew(*this)) continue;
    });
  }
  Renewer(const Renewer&) = delete;
  Renewer& operator=(const Renewer&) = delete;
  ~Renewer() {
    {
      const auto state = state_.lock();
      state->stopped = true;
      if (state->connection != nullptr) state->connection->interrupt();
    }
    stopped_.notify_all();
    thread_.join();
  }

  bool is_stopped() { return state_.lock()->stopped; }

  // For `renew`: calls `use`, which uses the connection and can be interrupted meanwhile.
  Status interruptible(Connection& connection, const std::function<Status()>& use) {
    if (!set_connection(&connection)) return fail(ErrorCode::timeout, "the renewal was interrupted");
    Status used = use();
    (void)set_connection(nullptr);
    return used;
  }

 private:
  struct State {
    bool stopped = false;
    Connection* connection = nullptr;  // that a renewal is using
  };

  // Waits until the next renewal is due. True: there will be no further one.
  bool wait() {
    auto state = state_.lock();
    return stopped_.wait_for(state.lock(), kBetweenRenewals, [&] { return state->stopped; });
  }

  bool set_connection(Connection* connection) {
    const auto state = state_.lock();
    state->connection = connection;
    return !state->stopped;
  }

  Guarded<State> state_;
  std::condition_variable_any stopped_;
  std::thread thread_;
};

class RedisLease final : public Lease {
 public:
  RedisLease(Client& client, FlightNames names, std::string token)
      : client_(client),
        names_(std::move(names)),
        token_(std::move(token)),
        renewer_(std::in_place, [this](Renewer& renewer) { return renew(renewer); }) {}
  RedisLease(const RedisLease&) = delete;
  RedisLease& operator=(const RedisLease&) = delete;
  // A lease on a server that does not answer is left to expire.
  ~RedisLease() override {
    const bool held = renewer_.has_value();
    renewer_.reset();
    if (held && is_reachable_) (void)finish(kAbandonedField, 0, Deadline::after(kReleaseTimeout));
  }

  Status append(std::string_view piece, Deadline deadline) override {
    shared_bytes_ += piece.size();
    if (shared_bytes_ > kMostSharedBytes) return fail(ErrorCode::refused, "the answer is too large to be shared");
    std::vector<Command> commands = {{"XADD", names_.live, "*", kPieceField, piece}};
    if (!appended_) commands.push_back({"PEXPIRE", names_.live, live_time_});
    const auto replies = client_.run_all(commands, Repeat::forbidden, deadline);
    if (!replies) return fail(replies.error());
    appended_ = true;
    return {};
  }

  Status end(FlightState how, std::uint64_t size, Deadline deadline) override {
    if (!renewer_) return {};
    renewer_.reset();
    const std::string_view field = how == FlightState::stored     ? kStoredField
                                   : how == FlightState::complete ? kCompleteField
                                                                  : kAbandonedField;
    return finish(field, size, deadline);
  }

  Result<bool> has_followers(Deadline deadline) override {
    return client_.run({"EXISTS", names_.followed}, Repeat::allowed, deadline).map([](const Reply& reply) {
      return reply.integer != 0;
    });
  }

 private:
  // The last record wakes the followers; after that the lease is free.
  Status finish(std::string_view field, std::uint64_t size, Deadline deadline) {
    const std::string value = std::to_string(size);
    const std::vector<Command> first = {{"XADD", names_.live, "*", field, value}, {"PEXPIRE", names_.live, live_time_}};
    const auto use = [&](Connection& connection, Deadline until) {
      return while_held(connection, first, {{"DEL", names_.lease}}, until);
    };
    return client_.on_one_connection(names_.lease, use, deadline);
  }

  // False: the lease is lost and cannot be renewed.
  bool renew(Renewer& renewer) {
    const auto deadline = Deadline::after(kRenewalTimeout);
    const std::string lease = token_ + " " + std::to_string(++renewals_);
    const std::vector<Command> commands = {{"SET", names_.lease, lease, "PX", lease_time_},
                                           {"PEXPIRE", names_.live, live_time_}};
    const auto use = [&](Connection& connection, Deadline until) {
      return renewer.interruptible(connection, [&] { return while_held(connection, {}, commands, until); });
    };
    const Status renewed = client_.on_one_connection(names_.lease, use, deadline);
    is_reachable_ = renewed || (renewed.error().code != ErrorCode::timeout && !renewer.is_stopped());
    // The slot may have moved. This finds its new server for the next renewal.
    if (!renewed && is_reachable_) (void)client_.run({"GET", names_.lease}, Repeat::allowed, deadline);
    return is_reachable_;
  }

  // Runs `first` in any case. Runs `then` only if the lease is still ours, and no client can change that in between.
  Status while_held(Connection& connection, std::vector<Command> first, const std::vector<Command>& then,
                    Deadline deadline) const {
    first.push_back({"WATCH", names_.lease});
    first.push_back({"GET", names_.lease});
    const auto seen = connection.run(first, deadline);
    if (!seen) return fail(seen.error());
    std::vector<Command> commands = {{"UNWATCH"}};
    if (!seen->back().is_error() && token_in(seen->back().text) == token_) {
      commands = {{"MULTI"}};
      commands.insert(commands.end(), then.begin(), then.end());
      commands.push_back({"EXEC"});
    }
    const auto done = connection.run(commands, deadline);
    if (!done) return fail(done.error());
    if (const Status good = check(first, *seen, client_.url()); !good) return good;
    return check(commands, *done, client_.url());
  }

  Client& client_;
  const FlightNames names_;
  const std::string token_;
  const std::string lease_time_ = std::to_string(kLeaseTime.count());
  const std::string live_time_ = std::to_string(kLiveTime.count());
  bool appended_ = false;
  std::size_t shared_bytes_ = 0;
  unsigned renewals_ = 0;           // used by the renewer's thread only
  bool is_reachable_ = true;        // no renewal has hung; written by the renewer's thread, read after it ended
  std::optional<Renewer> renewer_;  // none after the flight has ended
};

}  // namespace

std::unique_ptr<Lease> make_lease(Client& client, FlightNames names, std::string token) {
  return std::make_unique<RedisLease>(client, std::move(names), std::move(token));
}

}  // namespace libcache::internal::redis
