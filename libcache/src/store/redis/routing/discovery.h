// Facts that servers must be asked for before a route can be used: the slots of a cluster, or the master of sentinels.
#pragma once

#include <libcache/redis_options.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/guarded.h"
#include "store/redis/server/node.h"

namespace libcache::internal::redis {

// Holds the latest answer. The servers are asked at the first use, and again when a caller reports that the answer has
// failed. Only one caller asks at a time, and after a round in which no server answered, none asks for a moment.
// Thread-safe.
template <class Learned>
class Discovery {
 public:
  using Pointer = std::shared_ptr<Learned>;
  using Servers = std::vector<std::shared_ptr<Node>>;

  // `what` names the answer in messages. `servers` returns the servers to ask, in order. `ask` asks one of them.
  Discovery(std::string what, const RedisOptions& options, std::function<Servers()> servers,
            std::function<Result<Pointer>(Node&, Deadline)> ask)
      : what_(std::move(what)),
        connect_timeout_(options.connect_timeout),
        servers_(std::move(servers)),
        ask_(std::move(ask)),
        outage_(1, options.breaker_pause) {}

  // The latest answer; null before the first.
  Pointer known() { return *known_.lock(); }

  // The latest answer, asked for if there is none. Fails: unavailable, while the servers are not asked; timeout; with
  // the error of the last server that was asked.
  Result<Pointer> get(Deadline deadline) {
    if (auto latest = known()) return latest;
    return get_after(nullptr, deadline);
  }

  // Asks again, unless another answer than `failed` is known already. `failed` stays the latest answer if no server
  // answers. Fails as get().
  Result<Pointer> get_after(const Pointer& failed, Deadline deadline) {
    if (!outage_.allow(std::chrono::steady_clock::now())) {
      return fail(ErrorCode::unavailable, "no server reported " + what_ + "; the next attempt follows shortly");
    }
    const auto asking = asking_.lock_until(deadline);
    auto latest = known();
    if (!asking || latest != failed) {
      outage_.withdraw();
      if (asking) return latest;
      return fail(ErrorCode::timeout, "timed out asking for " + what_);
    }
    const bool had_time = deadline.remaining() >= connect_timeout_;
    auto answer = first_answer(deadline);
    if (answer || had_time) {
      outage_.record(answer.has_value(), std::chrono::steady_clock::now());
    } else {
      outage_.withdraw();
    }
    if (answer) *known_.lock() = *answer;
    return answer;
  }

 private:
  // A server that hangs must leave time for the others. Each gets an equal share of the time, but at least the connect
  // timeout, because the share of one among many could be too short to connect.
  Result<Pointer> first_answer(Deadline deadline) {
    Result<Pointer> answer = fail(ErrorCode::invalid, "there is no server to ask for " + what_);
    const Servers servers = servers_();
    for (std::size_t i = 0; i < servers.size() && !answer; ++i) {
      const auto share = deadline.remaining() / static_cast<Milliseconds::rep>(servers.size() - i);
      answer = ask_(*servers[i], deadline.capped(std::max(share, connect_timeout_)));
    }
    return answer;
  }

  const std::string what_;
  const Milliseconds connect_timeout_;
  const std::function<Servers()> servers_;
  const std::function<Result<Pointer>(Node&, Deadline)> ask_;
  Guarded<Pointer> known_;
  Guarded<std::monostate> asking_;  // held while the servers are asked
  Breaker outage_;                  // opens after a round in which no server answered
};

}  // namespace libcache::internal::redis
