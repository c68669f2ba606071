#include "store/redis/routing/dispatch.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "store/redis/routing/route.h"

namespace libcache::internal::redis {

namespace {

constexpr int kMostRedirections = 5;
constexpr Milliseconds kReplicaTimeout{250};  // then the master is asked

// Whether a replica cannot answer at the moment and its master may.
bool is_out_of_sync(const Reply& reply) {
  return reply.is_error("MASTERDOWN") || reply.is_error("LOADING") || reply.is_error("CLUSTERDOWN");
}

}  // namespace

Dispatch::Dispatch(Topology& topology, std::span<const Command> commands, Repeat repeat, Deadline deadline,
                   std::optional<std::size_t> replica_turn)
    : topology_(topology),
      commands_(commands),
      repeat_(repeat),
      deadline_(deadline),
      replica_turn_(replica_turn),
      replies_(commands.size()) {
  for (std::size_t i = 0; i < commands.size(); ++i) {
    pending_.push_back({.command = i, .node = nullptr, .reading = replica_turn.has_value()});
  }
}

Result<std::vector<Reply>> Dispatch::run() {
  auto map = topology_.map(deadline_);
  for (int redirections = 0; map && !pending_.empty(); ++redirections) {
    if (const Status sent = send_round(**map); !sent) return fail(sent.error());
    if (redirections == kMostRedirections) break;
    if (wait_) std::this_thread::sleep_for(std::min(Milliseconds(10 << redirections), deadline_.remaining()));
    if (map_is_outdated_) map = topology_.refresh(*map, deadline_);
  }
  if (!map) return fail(map.error());
  return std::move(replies_);
}

// Sends every pending command once, in one pipeline per server. Commands that must be sent again stay pending.
Status Dispatch::send_round(const SlotMap& map) {
  map_is_outdated_ = wait_ = false;
  std::vector<Pending> round = std::exchange(pending_, {});
  for (Pending& pending : round) {
    if (pending.node) continue;
    const std::string_view key = key_of(commands_[pending.command]);
    const auto& master = map.node_of(key);
    pending.node = pending.reading ? map.reader_of(key, *replica_turn_) : master;
    pending.reading = pending.node != master;
  }
  std::ranges::sort(round, {}, [](const Pending& pending) { return std::pair(pending.node.get(), pending.command); });
  for (auto first = round.begin(); first != round.end();) {
    const auto last = std::find_if(first, round.end(), [&](const Pending& other) { return other.node != first->node; });
    if (const Status sent = send_to(*first->node, {first, last}); !sent) return sent;
    first = last;
  }
  return {};
}

Status Dispatch::send_to(Node& node, std::span<const Pending> pending) {
  std::vector<Command> commands;
  for (const Pending& each : pending) {
    if (each.asking) commands.push_back({"ASKING"});
    commands.push_back(commands_[each.command]);
  }
  // A replica that hangs must leave time to ask the master.
  const bool reading = pending.front().reading;
  auto replies = node.run(commands, repeat_, reading ? deadline_.capped(kReplicaTimeout) : deadline_);
  if (!replies && reading) {
    retry_on_master(pending);
    return {};
  }
  if (!replies) return retry_on_successor(node, pending, replies.error());
  auto reply = replies->begin();
  for (const Pending& each : pending) {
    if (each.asking) ++reply;
    if (const Status taken = take(each, node, std::move(*reply++)); !taken) return taken;
  }
  return {};
}

Status Dispatch::take(const Pending& pending, const Node& node, Reply reply) {
  const bool moved = reply.is_error("MOVED");
  const bool asked = reply.is_error("ASK");
  map_is_outdated_ |= moved || reply.is_error("CLUSTERDOWN");
  if (pending.reading && is_out_of_sync(reply)) {
    retry_on_master({&pending, 1});
  } else if (moved || asked) {
    const auto target = parse_redirection(reply.text, node.endpoint());
    if (!target) return fail(target.error());
    pending_.push_back({.command = pending.command, .node = topology_.node_at(*target), .asking = asked});
  } else if (reply.is_error("TRYAGAIN")) {
    wait_ = true;
    pending_.push_back(pending);
  }
  replies_[pending.command] = std::move(reply);
  return {};
}

void Dispatch::retry_on_master(std::span<const Pending> pending) {
  for (const Pending& each : pending) pending_.push_back({.command = each.command, .node = nullptr});
}

// After a server has failed, its slots may have a new master.
Status Dispatch::retry_on_successor(const Node& failed, std::span<const Pending> pending, const Error& error) {
  const auto known = topology_.map(deadline_);
  const auto map = known ? topology_.refresh(*known, deadline_) : known;
  const std::string_view key = key_of(commands_[pending.front().command]);
  const bool replaced = map && (*map)->node_of(key).get() != &failed;
  if (!replaced || pending.front().again || repeat_ == Repeat::forbidden) return fail(error);
  map_is_outdated_ = true;
  for (const Pending& each : pending) pending_.push_back({.command = each.command, .node = nullptr, .again = true});
  return {};
}

}  // namespace libcache::internal::redis
