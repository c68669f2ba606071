#include "store/redis/routing/client.h"

#include <utility>

namespace libcache::internal::redis {

namespace {

Result<Reply> only(Result<std::vector<Reply>> replies) {
  return std::move(replies).map([](std::vector<Reply> all) { return std::move(all.front()); });
}

}  // namespace

Client::Client(std::unique_ptr<Route> route, std::string url, Milliseconds operation_timeout)
    : route_(std::move(route)), url_(std::move(url)), operation_timeout_(operation_timeout) {}

Result<Reply> Client::run(const Command& command, Repeat repeat, Deadline deadline) {
  return only(run_all({&command, 1}, repeat, deadline));
}

Result<std::vector<Reply>> Client::run_all(std::span<const Command> commands, Repeat repeat, Deadline deadline) {
  return checked(try_all(commands, repeat, deadline), commands);
}

Result<Reply> Client::read(const Command& command, Deadline deadline) {
  return only(read_all({&command, 1}, deadline));
}

Result<std::vector<Reply>> Client::read_all(std::span<const Command> commands, Deadline deadline) {
  return checked(route_->read(commands, capped(deadline)), commands);
}

Result<std::vector<Reply>> Client::try_all(std::span<const Command> commands, Repeat repeat, Deadline deadline) {
  return route_->run(commands, repeat, capped(deadline));
}

Result<Reply> Client::run_on(Node& node, const Command& command, Deadline deadline) {
  return only(checked(node.run({&command, 1}, Repeat::allowed, capped(deadline)), {&command, 1}));
}

Status Client::on_one_connection(std::string_view key, const std::function<Status(Connection&, Deadline)>& use,
                                 Deadline deadline) {
  const auto until = capped(deadline);
  const auto node = route_->node_of(key, until);
  if (!node) return fail(node.error());
  return (*node)->on_one_connection([&](Connection& connection) { return use(connection, until); }, until);
}

bool Client::is_connected(std::string_view key) {
  const auto node = route_->node_of(key, Deadline::after(Milliseconds(0)));
  return node && (*node)->is_connected();
}

bool Client::post(std::span<const Command> commands) {
  const auto node = route_->node_of(key_of(commands.front()), Deadline::after(Milliseconds(0)));
  return node && (*node)->post(commands);
}

Result<Masters> Client::masters(Deadline deadline) {
  return route_->masters(capped(deadline));
}

Status Client::with_masters(const std::function<Status(const Masters&)>& use, Deadline deadline) {
  const auto known = masters(deadline);
  if (!known) return fail(known.error());
  Status used = use(*known);
  if (used) return used;
  const auto latest = route_->masters_after(*known, capped(deadline));
  return latest && *latest != *known ? use(*latest) : used;
}

Result<Placement> Client::placement(Deadline deadline) {
  return route_->placement(capped(deadline));
}

Result<std::vector<Reply>> Client::checked(Result<std::vector<Reply>> replies,
                                           std::span<const Command> commands) const {
  if (!replies) return replies;
  if (const Status good = check(commands, *replies, url_); !good) return fail(good.error());
  return replies;
}

}  // namespace libcache::internal::redis
