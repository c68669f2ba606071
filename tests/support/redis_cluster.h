// A real cluster: three masters and a replica of each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/redis_server.h"

namespace support {

// Ready when constructed. Throws std::runtime_error if it does not come up.
class RedisCluster {
 public:
  static constexpr std::size_t kMasters = 3;

  RedisCluster();

  // 0 to 2 are the masters, as long as none has failed, and 3 to 5 their replicas in the same order.
  RedisServer& server(std::size_t index) { return *servers_[index]; }
  RedisServer& master_of(const std::string& key);
  std::size_t master_index_of(const std::string& key);
  std::string id_of(std::size_t index) { return server(index).command({"CLUSTER", "MYID"}); }
  // redis+cluster:// with the three masters.
  std::string url() const;
  void flush();
  // Moves a slot with all its keys from one master to another, by their indexes.
  void move_slot(std::size_t slot, std::size_t from, std::size_t to);
  // The steps of the same: the slot is open, keys move one by one, the slot is closed again.
  void open_slot(std::size_t slot, std::size_t from, std::size_t to);
  void move_key(const std::string& key, std::size_t from, std::size_t to);
  void assign_slot(std::size_t slot, std::size_t to);
  // Waits until `server` thinks that the cluster works.
  static void wait_until_ok(RedisServer& server);

 private:
  std::vector<std::unique_ptr<RedisServer>> servers_;
};

}  // namespace support
