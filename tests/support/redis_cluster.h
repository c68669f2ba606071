// A real cluster: three masters, each with one replica.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/redis_server.h"

namespace support {

// Is up when constructed. Throws std::runtime_error if it does not start.
class RedisCluster {
 public:
  static constexpr std::size_t kMasters = 3;

  RedisCluster();

  // 0 to 2 are the masters (until one fails), and 3 to 5 are their replicas in the same order.
  RedisServer& server(std::size_t index) { return *servers_[index]; }
  RedisServer& master_of(const std::string& key);
  std::size_t master_index_of(const std::string& key);
  std::string id_of(std::size_t index) { return server(index).command({"CLUSTER", "MYID"}); }
  // A redis+cluster URL with the three masters.
  std::string url() const;
  void flush();
  // Moves a slot with all its keys from one master to another, given by their indexes.
  void move_slot(std::size_t slot, std::size_t from, std::size_t to);
  // The steps of move_slot: open the slot, move each key, assign the slot to its new master.
  void open_slot(std::size_t slot, std::size_t from, std::size_t to);
  void move_key(const std::string& key, std::size_t from, std::size_t to);
  void assign_slot(std::size_t slot, std::size_t to);
  // Waits until `server` reports that the cluster is up.
  static void wait_until_ok(RedisServer& server);

 private:
  std::vector<std::unique_ptr<RedisServer>> servers_;
};

}  // namespace support
