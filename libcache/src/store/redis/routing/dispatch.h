// One call of a cluster route: sends each command to the server of its key and follows redirections.
#pragma once

#include <libcache/result.h>
#include <libcache/time.h>

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "store/redis/routing/topology.h"

namespace libcache::internal::redis {

class Dispatch {
 public:
  // With a `replica_turn` the commands are reads that go to replicas; the number decides which replica of a master.
  Dispatch(Topology& topology, std::span<const Command> commands, Repeat repeat, Deadline deadline,
           std::optional<std::size_t> replica_turn);

  // To be called once. The replies are in the order of the commands. Fails as Node::run does.
  Result<std::vector<Reply>> run();

 private:
  // A command without its final reply.
  struct Pending {
    std::size_t command;         // its index
    std::shared_ptr<Node> node;  // null: the server that the map names
    bool reading = false;        // `node` may be a replica
    bool asking = false;         // needs ASKING first, because its slot is moving to `node`
    bool again = false;          // has failed on another server before
  };

  Status send_round(const SlotMap& map);
  Status send_to(Node& node, std::span<const Pending> pending);
  Status take(const Pending& pending, const Node& node, Reply reply);
  void retry_on_master(std::span<const Pending> pending);
  Status retry_on_successor(const Node& failed, std::span<const Pending> pending, const Error& error);

  Topology& topology_;
  const std::span<const Command> commands_;
  const Repeat repeat_;
  const Deadline deadline_;
  const std::optional<std::size_t> replica_turn_;
  std::vector<Reply> replies_;
  std::vector<Pending> pending_;
  bool map_is_outdated_ = false;  // as the replies of the last round showed
  bool wait_ = false;             // before the next round
};

}  // namespace libcache::internal::redis
