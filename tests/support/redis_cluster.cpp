#include "support/redis_cluster.h"

#include <algorithm>
#include <sstream>

#include "support/wait.h"

namespace support {

namespace {

constexpr std::size_t kServers = 2 * RedisCluster::kMasters;
constexpr std::size_t kSlots = 16384;

std::size_t first_slot(std::size_t master) {
  return master * kSlots / RedisCluster::kMasters;
}

bool knows_all(RedisServer& server) {
  const std::string nodes = server.command({"CLUSTER", "NODES"});
  return std::ranges::count(nodes, '\n') == static_cast<long>(kServers) && nodes.find("handshake") == std::string::npos;
}

}  // namespace

RedisCluster::RedisCluster() {
  for (std::size_t i = 0; i < kServers; ++i) {
    servers_.push_back(std::make_unique<RedisServer>(RedisOptions{.cluster = true}));
    server(i).command({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
    if (i >= kMasters) continue;
    server(i).command(
        {"CLUSTER", "ADDSLOTSRANGE", std::to_string(first_slot(i)), std::to_string(first_slot(i + 1) - 1)});
  }
  for (const auto& one : servers_) {
    for (const auto& other : servers_) {
      if (one == other) break;
      one->command({"CLUSTER", "MEET", "127.0.0.1", std::to_string(other->port()), std::to_string(other->bus_port())});
    }
  }
  for (const auto& each : servers_) wait_for("the servers of a cluster to meet", [&] { return knows_all(*each); });
  for (std::size_t i = 0; i < kMasters; ++i) server(kMasters + i).command({"CLUSTER", "REPLICATE", id_of(i)});
  for (const auto& each : servers_) wait_until_ok(*each);
  for (std::size_t i = kMasters; i < kServers; ++i) {
    wait_for("the replicas of a cluster",
             [&] { return server(i).replies({"INFO", "replication"}, "master_link_status:up"); });
  }
}

void RedisCluster::wait_until_ok(RedisServer& server) {
  wait_for("a cluster to work", [&] {
    return server.replies({"CLUSTER", "INFO"}, "cluster_state:ok") &&
           server.replies({"CLUSTER", "INFO"}, "cluster_slots_ok:16384") &&
           server.replies({"CLUSTER", "INFO"}, "cluster_known_nodes:6");
  });
}

std::string RedisCluster::url() const {
  std::string url = "redis+cluster://";
  for (std::size_t i = 0; i < kMasters; ++i) {
    url += (i == 0 ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(servers_[i]->port());
  }
  return url;
}

std::size_t RedisCluster::master_index_of(const std::string& key) {
  const auto slot = std::stoul(server(0).command({"CLUSTER", "KEYSLOT", key}));
  std::size_t index = 0;
  while (first_slot(index + 1) <= slot) ++index;
  return index;
}

RedisServer& RedisCluster::master_of(const std::string& key) {
  return server(master_index_of(key));
}

void RedisCluster::flush() {
  for (std::size_t i = 0; i < kMasters; ++i) server(i).command({"FLUSHALL"});
}

void RedisCluster::open_slot(std::size_t slot, std::size_t from, std::size_t to) {
  server(to).command({"CLUSTER", "SETSLOT", std::to_string(slot), "IMPORTING", id_of(from)});
  server(from).command({"CLUSTER", "SETSLOT", std::to_string(slot), "MIGRATING", id_of(to)});
}

void RedisCluster::move_key(const std::string& key, std::size_t from, std::size_t to) {
  server(from).command({"MIGRATE", "127.0.0.1", std::to_string(server(to).port()), key, "0", "10000"});
}

void RedisCluster::assign_slot(std::size_t slot, std::size_t to) {
  const std::string id = id_of(to);
  server(to).command({"CLUSTER", "SETSLOT", std::to_string(slot), "NODE", id});
  for (std::size_t i = 0; i < kMasters; ++i) {
    server(i).command({"CLUSTER", "SETSLOT", std::to_string(slot), "NODE", id});
  }
}

void RedisCluster::move_slot(std::size_t slot, std::size_t from, std::size_t to) {
  open_slot(slot, from, to);
  std::stringstream keys(server(from).command({"CLUSTER", "GETKEYSINSLOT", std::to_string(slot), "1000"}));
  for (std::string key; std::getline(keys, key);) move_key(key, from, to);
  assign_slot(slot, to);
}

}  // namespace support
