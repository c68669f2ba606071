// A master with a replica, watched by three sentinels.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/redis_server.h"

namespace support {

// Is up when constructed. Throws std::runtime_error if it does not start.
class RedisSentinels {
 public:
  RedisSentinels();

  // The master and the replica, until a failover.
  RedisServer& master() { return *master_; }
  RedisServer& replica() { return *replica_; }
  RedisServer& sentinel(std::size_t index) { return *sentinels_[index]; }
  // A redis+sentinel URL with the three sentinels and the master name "main".
  std::string url() const;

 private:
  std::unique_ptr<RedisServer> master_;
  std::unique_ptr<RedisServer> replica_;
  std::vector<std::unique_ptr<RedisServer>> sentinels_;
};

}  // namespace support
