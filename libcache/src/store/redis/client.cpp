#include "store/redis/client.h"

#include <utility>

namespace libcache::internal::redis {

Client::Client(std::unique_ptr<Route> route, std::string url, Milliseconds operation_timeout)
    : route_(std::move(route)), url_(std::move(url)), operation_timeout_(operation_timeout) {}

Result<Reply> Client::run(const Command& command, Repeat repeat, Deadline deadline) {
  return only(run_all({&command, 1}, repeat, deadline), command);
}

Result<Reply> Client::run_at(Node& node, const Command& command, Deadline deadline) {
  return only(node.run({&command, 1}, Repeat::allowed, capped(deadline)), command);
}

Result<std::vector<Reply>> Client::run_all(std::span<const Command> commands, Repeat repeat, Deadline deadline) {
  return route_->run(commands, repeat, capped(deadline));
}

Status Client::on_one_connection(std::string_view key, const std::function<Status(Connection&)>& use,
                                 Deadline deadline) {
  const auto until = capped(deadline);
  const auto node = route_->node_of(key, until);
  if (!node) return tl::make_unexpected(node.error());
  return (*node)->on_one_connection(use, until);
}

Result<Masters> Client::masters(Deadline deadline) {
  return route_->masters(capped(deadline));
}

Status Client::with_masters(const std::function<Status(const Masters&)>& use, Deadline deadline) {
  const auto known = masters(deadline);
  if (!known) return tl::make_unexpected(known.error());
  Status used = use(*known);
  if (used) return used;
  const auto latest = route_->masters_after(*known, capped(deadline));
  return latest && *latest != *known ? use(*latest) : used;
}

Result<Layout> Client::layout(Deadline deadline) {
  return route_->layout(capped(deadline));
}

tl::unexpected<Error> Client::refused(const Reply& reply, const Command& command) const {
  return tl::make_unexpected(error_of(reply, command.front(), url_));
}

Result<Reply> Client::only(Result<std::vector<Reply>> replies, const Command& command) const {
  if (!replies) return tl::make_unexpected(std::move(replies.error()));
  if (replies->front().is_error()) return refused(replies->front(), command);
  return std::move(replies->front());
}

}  // namespace libcache::internal::redis
