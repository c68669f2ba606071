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

// Whether a command that failed may succeed on a new connection. A rejected password is not sent again.
bool is_worth_repeating(const Error& error, bool connected) {
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
    return fail(ErrorCode::unavailable,
                endpoint().name() + " has failed several times; it is not tried again for a moment");
  }
  auto place = pool_.reserve(deadline);
  if (!place) {
    breaker_.withdraw();
    return fail(std::move(place.error()));
  }
  auto replies = run_once_loaded(*place, commands, repeat, deadline);
  record(replies ? std::ranges::none_of(*replies, is_loading) : !is_outage(replies.error()));
  return replies;
}

Status Node::on_one_connection(const std::function<Status(Connection&)>& use, Deadline deadline) {
  auto place = pool_.reserve(deadline);
  if (!place) return fail(place.error());
  const auto connection = place->connect(deadline);
  if (!connection) return fail(connection.error());
  return use(**connection);
}

bool Node::post(std::span<const Command> commands) {
  const auto now = Deadline::after(Milliseconds(0));
  auto place = pool_.reserve(now);
  if (!place) return false;
  const auto connection = place->connect(now);
  if (connection) (*connection)->post(commands);
  return connection.has_value();
}

// A server that is loading its data executes nothing, so the commands may be sent again.
Node::Replies Node::run_once_loaded(Pool::Place& place, std::span<const Command> commands, Repeat repeat,
                                    Deadline deadline) {
  constexpr Milliseconds kLongestPause{200};
  std::optional<Replies> loading;
  for (Milliseconds pause{10};; pause = std::min(2 * pause, kLongestPause)) {
    auto replies = run_reconnecting(place, commands, repeat, deadline);
    // That the server is loading explains more than a timeout does.
    if (loading && !replies && replies.error().code == ErrorCode::timeout) return *std::move(loading);
    const bool is_loading_all = replies && std::ranges::all_of(*replies, is_loading);
    if (!is_loading_all || deadline.remaining() <= pause) return replies;
    loading = std::move(replies);
    std::this_thread::sleep_for(pause);
  }
}

Node::Replies Node::run_reconnecting(Pool::Place& place, std::span<const Command> commands, Repeat repeat,
                                     Deadline deadline) {
  for (unsigned left = repeat == Repeat::allowed ? retries_ : 0;; --left) {
    const auto connection = place.connect(deadline);
    auto replies = connection ? (*connection)->run(commands, deadline) : fail(connection.error());
    if (!replies && left > 0 && is_worth_repeating(replies.error(), connection.has_value())) continue;
    // The host name or the sentinels may lead to another master by now, so new connections are needed.
    if (replies && std::ranges::any_of(*replies, is_readonly)) {
      place.discard();
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
