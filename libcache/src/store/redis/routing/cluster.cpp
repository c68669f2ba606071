#include "store/redis/routing/cluster.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "store/redis/routing/topology.h"

namespace libcache::internal::redis {

namespace {

constexpr int kMostRedirections = 5;
constexpr Milliseconds kShortcut{250};  // what a replica may cost a reader before its master is asked

// Whether a replica says that it is out of step with its master.
bool cannot_read(const Reply& reply) {
  return reply.is_error("MASTERDOWN") || reply.is_error("LOADING") || reply.is_error("CLUSTERDOWN");
}

// One command on its way to its reply.
struct Errand {
  std::size_t command;         // its index
  std::shared_ptr<Node> node;  // nothing: whom the map names
  bool reading = false;        // `node` is, or may be, a replica
  bool asking = false;         // announced by ASKING, for a slot that is moving to `node`
  bool again = false;          // `node` takes the place of one that has failed
};

class ClusterRoute final : public Route {
 public:
  ClusterRoute(std::vector<Endpoint> seeds, ConnectionOptions connection, const RedisOptions& options)
      : reads_replicas_(connection.reads_replicas), topology_(std::move(seeds), std::move(connection), options) {}

  Result<std::vector<Reply>> run(std::span<const Command> commands, Repeat repeat, Deadline deadline) override {
    const auto turn = reads_replicas_ ? std::optional(turn_++) : std::nullopt;
    return Journey(topology_, commands, repeat, deadline, turn).run();
  }

  Result<std::shared_ptr<Node>> node_of(std::string_view key, Deadline deadline) override {
    const auto map = topology_.map(deadline);
    if (!map) return tl::make_unexpected(map.error());
    return (*map)->node_of(key);
  }

  Result<Masters> masters(Deadline deadline) override {
    const auto map = topology_.map(deadline);
    if (!map) return tl::make_unexpected(map.error());
    return (*map)->masters;
  }

  Result<Masters> masters_after(const Masters& known, Deadline deadline) override {
    auto map = topology_.map(deadline);
    if (map && (*map)->masters == known) map = topology_.refresh(*map, deadline);
    if (!map) return tl::make_unexpected(map.error());
    return (*map)->masters;
  }

  Result<Layout> layout(Deadline deadline) override {
    const auto known = topology_.map(deadline);
    const auto map = known ? topology_.refresh(*known, deadline) : known;
    if (!map) return tl::make_unexpected(map.error());
    return layout_of_cluster((*map)->masters, deadline);
  }

 private:
  // One call of run().
  class Journey {
   public:
    // `turn`: which of a master's replicas reads go to.
    Journey(Topology& topology, std::span<const Command> commands, Repeat repeat, Deadline deadline,
            std::optional<std::size_t> turn)
        : topology_(topology),
          commands_(commands),
          repeat_(repeat),
          deadline_(deadline),
          turn_(turn),
          replies_(commands.size()) {
      for (std::size_t i = 0; i < commands.size(); ++i) {
        errands_.push_back({.command = i, .node = nullptr, .reading = turn && commands[i].front() == "GET"});
      }
    }

    Result<std::vector<Reply>> run() {
      auto map = topology_.map(deadline_);
      for (int redirections = 0; map && !errands_.empty(); ++redirections) {
        if (const Status made = make_round(**map); !made) return tl::make_unexpected(made.error());
        if (redirections == kMostRedirections) break;
        if (wait_) std::this_thread::sleep_for(std::min(Milliseconds(10 << redirections), deadline_.remaining()));
        if (outdated_) map = topology_.refresh(*map, deadline_);
      }
      if (!map) return tl::make_unexpected(map.error());
      return std::move(replies_);
    }

   private:
    // Runs every errand once, server by server. What has to go elsewhere is left in errands_.
    Status make_round(const SlotMap& map) {
      outdated_ = wait_ = false;
      std::vector<Errand> round = std::exchange(errands_, {});
      for (Errand& errand : round) {
        if (errand.node) continue;
        const std::string_view key = key_of(commands_[errand.command]);
        const auto& master = map.node_of(key);
        errand.node = errand.reading ? map.reader_of(key, *turn_) : master;
        errand.reading = errand.node != master;
      }
      std::ranges::sort(round, {}, [](const Errand& errand) { return std::pair(errand.node.get(), errand.command); });
      for (auto first = round.begin(); first != round.end();) {
        const auto last =
            std::find_if(first, round.end(), [&](const Errand& other) { return other.node != first->node; });
        if (const Status visited = visit(*first->node, {first, last}); !visited) return visited;
        first = last;
      }
      return {};
    }

    Status visit(Node& node, std::span<const Errand> errands) {
      std::vector<Command> commands;
      for (const Errand& errand : errands) {
        if (errand.asking) commands.push_back({"ASKING"});
        commands.push_back(commands_[errand.command]);
      }
      // A replica is a shortcut: one that hangs may not use up the time of its master.
      const bool reading = errands.front().reading;
      auto replies = node.run(commands, repeat_, reading ? deadline_.capped(kShortcut) : deadline_);
      if (!replies && reading) return ask_master(errands);
      if (!replies) return bypass(node, errands, replies.error());
      auto reply = replies->begin();
      for (const Errand& errand : errands) {
        if (errand.asking) ++reply;
        if (const Status taken = take(errand, node, std::move(*reply++)); !taken) return taken;
      }
      return {};
    }

    Status ask_master(std::span<const Errand> errands) {
      for (const Errand& errand : errands) errands_.push_back({.command = errand.command, .node = nullptr});
      return {};
    }

    // The server has failed: perhaps another has taken its place.
    Status bypass(const Node& node, std::span<const Errand> errands, const Error& error) {
      const auto known = topology_.map(deadline_);
      const auto map = known ? topology_.refresh(*known, deadline_) : known;
      const std::string_view key = key_of(commands_[errands.front().command]);
      const bool replaced = map && (*map)->node_of(key).get() != &node;
      if (!replaced || errands.front().again || repeat_ == Repeat::forbidden) return tl::make_unexpected(error);
      outdated_ = true;
      for (const Errand& errand : errands) {
        errands_.push_back({.command = errand.command, .node = nullptr, .again = true});
      }
      return {};
    }

    Status take(const Errand& errand, const Node& node, Reply reply) {
      const bool moved = reply.is_error("MOVED");
      const bool asked = reply.is_error("ASK");
      outdated_ |= moved || reply.is_error("CLUSTERDOWN");
      if (errand.reading && cannot_read(reply)) return ask_master({&errand, 1});
      if (moved || asked) {
        const auto target = parse_redirection(reply.text, node.endpoint());
        if (!target) return tl::make_unexpected(target.error());
        errands_.push_back({.command = errand.command, .node = topology_.node_at(*target), .asking = asked});
      } else if (reply.is_error("TRYAGAIN")) {
        wait_ = true;
        errands_.push_back(errand);
      }
      replies_[errand.command] = std::move(reply);
      return {};
    }

    Topology& topology_;
    std::span<const Command> commands_;
    Repeat repeat_;
    Deadline deadline_;
    const std::optional<std::size_t> turn_;
    std::vector<Reply> replies_;
    std::vector<Errand> errands_;  // still to be run
    bool outdated_ = false;        // the map, by what the last round showed
    bool wait_ = false;            // before the next round
  };

  const bool reads_replicas_;
  std::atomic<std::size_t> turn_ = 0;
  Topology topology_;
};

}  // namespace

std::unique_ptr<Route> make_cluster_route(std::vector<Endpoint> seeds, ConnectionOptions connection,
                                          const RedisOptions& options) {
  return std::make_unique<ClusterRoute>(std::move(seeds), std::move(connection), options);
}

}  // namespace libcache::internal::redis
