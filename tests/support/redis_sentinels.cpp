#include "support/redis_sentinels.h"

#include "support/wait.h"

namespace support {

namespace {

constexpr int kSentinels = 3;

}  // namespace

RedisSentinels::RedisSentinels() {
  master_ = std::make_unique<RedisServer>();
  const std::string port = std::to_string(master_->port());
  replica_ = std::make_unique<RedisServer>(RedisOptions{.arguments = {"--replicaof", "127.0.0.1 " + port}});
  wait_for("a replica", [&] { return replica_->replies({"INFO", "replication"}, "master_link_status:up"); });
  const std::string configuration = "sentinel monitor main 127.0.0.1 " + port + " 2\n" +
                                    "sentinel down-after-milliseconds main 1000\n" +
                                    "sentinel failover-timeout main 5000\n";
  for (int i = 0; i < kSentinels; ++i) {
    sentinels_.push_back(std::make_unique<RedisServer>(RedisOptions{.sentinel = configuration}));
  }
  for (const auto& sentinel : sentinels_) {
    wait_for("sentinels to know of each other and of the replica", [&] {
      return sentinel->replies({"SENTINEL", "CKQUORUM", "main"}, "OK 3 usable") &&
             sentinel->replies({"SENTINEL", "REPLICAS", "main"}, std::to_string(replica_->port()));
    });
  }
}

std::string RedisSentinels::url() const {
  std::string url = "redis+sentinel://";
  for (const auto& sentinel : sentinels_) url += "127.0.0.1:" + std::to_string(sentinel->port()) + ",";
  url.back() = '/';
  return url + "main";
}

}  // namespace support
