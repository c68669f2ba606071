#include "store/redis/server/node.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

namespace libcache::internal::redis {

namespace {

bool is_outage(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout;
}

bool is_loading(const Reply& reply) {
  return reply.is_error("LOADING");
}

// Whether another connection may bring what this one did not. A password that is refused is not offered again.
bool may_pass(const Error& error, bool connected) {
  return connected ? error.code != ErrorCode::timeout : error.code == ErrorCode::unavailable;
}

}  // namespace

bool is_readonly(const Reply& reply) {
  return reply.is_error("READONLY");
}

Node::Node(Endpoint endpoint, ConnectionOptions connection, const RedisOptions& options)
    : pool_(std::move(endpoint), connection, options.pool, options.connect_timeout),
      breaker_(options.breaker_failures, options.breaker_pause),
      retries_(options.retries),
      on_event_(std::move(connection.on_event)) {}

Node::Replies Node::run(std::span<const Command> commands, Repeat repeat, Deadline deadline) {
  if (deadline.expired()) return fail(ErrorCode::timeout, "the deadline has passed");
  if (!breaker_.allow(std::chrono::steady_clock::now())) {
    return fail(ErrorCode::unavailable, endpoint().name() + " has failed several times and is left alone for a moment");
  }
  bool busy = false;
  auto replies = run_once_loaded(commands, repeat, deadline, busy);
  if (busy) {
    breaker_.withdraw();
  } else {
    record(replies ? std::ranges::none_of(*replies, is_loading) : !is_outage(replies.error()));
  }
  return replies;
}

Status Node::on_one_connection(const std::function<Status(Connection&)>& use, Deadline deadline) {
  auto connection = pool_.acquire(deadline);
  if (!connection) return tl::make_unexpected(connection.error());
  return use(**connection);
}

Node::Replies Node::run_once_loaded(std::span<const Command> commands, Repeat repeat, Deadline deadline, bool& busy) {
  constexpr Milliseconds kLongestPause{200};
  std::optional<Replies> refusal;
  for (Milliseconds pause{10};; pause = std::min(2 * pause, kLongestPause)) {
    auto replies = run_reconnecting(commands, repeat, deadline, busy);
    // That the server is loading says more than that the time was up.
    if (refusal && !replies && replies.error().code == ErrorCode::timeout) return *std::move(refusal);
    // None was carried out, so that all may be sent again.
    const bool loading = replies && std::ranges::all_of(*replies, is_loading);
    if (!loading || deadline.remaining() <= pause) return replies;
    refusal = std::move(replies);
    std::this_thread::sleep_for(pause);
  }
}

Node::Replies Node::run_reconnecting(std::span<const Command> commands, Repeat repeat, Deadline deadline, bool& busy) {
  for (unsigned left = repeat == Repeat::allowed ? retries_ : 0;; --left) {
    auto connection = pool_.acquire(deadline, &busy);
    auto replies = connection ? (*connection)->run(commands, deadline) : tl::make_unexpected(connection.error());
    if (!replies && left > 0 && may_pass(replies.error(), connection.has_value())) continue;
    // A master that became a replica is no longer the server that the name or the sentinels point to.
    if (replies && std::ranges::any_of(*replies, is_readonly)) {
      connection->discard();
      pool_.close_idle();
    }
    return replies;
  }
}

void Node::record(bool success) {
  const auto change = breaker_.record(success, std::chrono::steady_clock::now());
  if (change == Breaker::Change::none || !on_event_) return;
  if (change == Breaker::Change::opened) {
    on_event_({Event::Severity::warning, "store.unavailable", endpoint().name() + " does not answer"});
  } else {
    on_event_({Event::Severity::info, "store.available", endpoint().name() + " answers again"});
  }
}

}  // namespace libcache::internal::redis
