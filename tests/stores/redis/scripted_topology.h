// What scripted servers reply to be taken for a cluster or for sentinels.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "support/scripted_server.h"

namespace libcache::test {

// A server in the reply to CLUSTER SLOTS.
inline std::string server_at(int port, const std::string& host = "127.0.0.1") {
  return "*2\r\n" + support::bulk(host) + ":" + std::to_string(port) + "\r\n";
}

// A range of slots in that reply, served by a master and perhaps a replica.
inline std::string slots_at(int first, int last, const std::string& master, const std::string& replica = "") {
  return (replica.empty() ? "*3" : "*4") + ("\r\n:" + std::to_string(first)) + "\r\n:" + std::to_string(last) + "\r\n" +
         master + replica;
}

// The whole reply for a cluster with one master.
inline std::string all_slots_at(const std::string& master, const std::string& replica = "") {
  return "*1\r\n" + slots_at(0, 16383, master, replica);
}

// The reply of a sentinel that is asked for the master's address.
inline std::string address_of(int port) {
  return "*2\r\n" + support::bulk("127.0.0.1") + support::bulk(std::to_string(port));
}

inline std::string cluster_url(const support::ScriptedServer& server) {
  return "redis+cluster://127.0.0.1:" + std::to_string(server.port());
}

inline std::string sentinel_url(const support::ScriptedServer& sentinel) {
  return "redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/main";
}

// How often a server received a command.
inline std::size_t times(const std::vector<std::string>& commands, const std::string& command) {
  return static_cast<std::size_t>(std::ranges::count(commands, command));
}

}  // namespace libcache::test
