// Learning from servers what others can be used only with: the slots of a cluster, the master that sentinels know.
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

// The latest that was learned. The servers are asked at the first use, and again for a caller whom it has failed: by
// one caller at a time, and by none for a moment after no server could tell. Thread-safe.
template <class Learned>
class Discovery {
 public:
  using Pointer = std::shared_ptr<Learned>;
  using Servers = std::vector<std::shared_ptr<Node>>;

  // `servers`: whom to ask, in turn. `ask`: what one of them says. `subject` is what messages call it.
  Discovery(std::string subject, const RedisOptions& options, std::function<Servers()> servers,
            std::function<Result<Pointer>(Node&, Deadline)> ask)
      : subject_(std::move(subject)),
        connect_timeout_(options.connect_timeout),
        servers_(std::move(servers)),
        ask_(std::move(ask)),
        outage_(1, options.breaker_pause) {}

  // Nothing before the first use.
  Pointer known() { return *known_.lock(); }

  // Fails: unavailable, while the servers are left alone; timeout; as the last server that was asked.
  Result<Pointer> get(Deadline deadline) {
    if (auto latest = known()) return latest;
    return get_after(nullptr, deadline);
  }

  // Asks where `failed` is still the latest, which stays so if no server can tell. Fails as get().
  Result<Pointer> get_after(const Pointer& failed, Deadline deadline) {
    if (!outage_.allow(std::chrono::steady_clock::now())) {
      return fail(ErrorCode::unavailable, "no server could tell " + subject_ + ", and all are left alone for a moment");
    }
    const auto asking = asking_.lock_until(deadline);
    auto latest = known();
    if (!asking || latest != failed) {
      outage_.withdraw();
      if (asking) return latest;
      return fail(ErrorCode::timeout, "timed out waiting to learn " + subject_);
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
  // A server that hangs leaves the others their share of the time: at least as long as a connection may take, for the
  // share of many is too short for any.
  Result<Pointer> first_answer(Deadline deadline) {
    Result<Pointer> answer = fail(ErrorCode::invalid, "there is no server to tell " + subject_);
    const Servers servers = servers_();
    for (std::size_t i = 0; i < servers.size() && !answer; ++i) {
      const auto share = deadline.remaining() / static_cast<Milliseconds::rep>(servers.size() - i);
      answer = ask_(*servers[i], deadline.capped(std::max(share, connect_timeout_)));
    }
    return answer;
  }

  const std::string subject_;
  const Milliseconds connect_timeout_;
  const std::function<Servers()> servers_;
  const std::function<Result<Pointer>(Node&, Deadline)> ask_;
  Guarded<Pointer> known_;
  Guarded<std::monostate> asking_;  // held while the servers are asked
  Breaker outage_;                  // open while no server at all has answered
};

}  // namespace libcache::internal::redis
