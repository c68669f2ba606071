// What a server reports about itself: version, role, memory, cluster state.

#include "store/redis/doctor/diagnosis.h"
#include "store/redis/server/info.h"
#include "store/redis/wire/slots.h"
#include "store/size_text.h"
#include "text/integer.h"

namespace libcache::internal::redis {

namespace {

using Grade = Finding::Grade;

Finding version(const DiagnosisTarget& target, const std::string& name, std::string_view info) {
  const auto valkey = field_of(info, "valkey_version");
  const auto number = valkey.empty() ? field_of(info, "redis_version") : valkey;
  const std::string message = name + " is " + (valkey.empty() ? "Redis " : "Valkey ") + std::string(number);
  const auto mode = field_of(info, valkey.empty() ? "redis_mode" : "server_mode");
  if (mode == "cluster" && target.url.kind != StoreUrl::Kind::redis_cluster) {
    return {Grade::fail, "version", message + " in a cluster, which holds only part of the keys",
            "use redis+cluster:// in the URL"};
  }
  const auto major = parse_integer<unsigned>(number.substr(0, number.find('.'))).value_or(0);
  constexpr unsigned kOldest = 6;
  if (major >= kOldest) return {Grade::pass, "version", message, ""};
  return {Grade::warn, "version", message + ", which supports neither users nor TLS",
          "upgrade it to version 6 or later"};
}

Finding role(const DiagnosisTarget& target, const std::string& name, std::string_view info) {
  if (field_of(info, "role") == "master") {
    return {Grade::pass, "role",
            name + " is a master with " + std::string(field_of(info, "connected_slaves")) + " replicas", ""};
  }
  if (target.options.read_only) return {Grade::pass, "role", name + " is a replica, which is enough for reading", ""};
  return {Grade::fail, "role", name + " is a replica, which rejects every write",
          "use its master, redis+sentinel:// or ?read_only=1 in the URL"};
}

Finding memory(const std::string& name, std::string_view info) {
  const auto most = number_of(info, "maxmemory");
  const auto used = number_of(info, "used_memory");
  const std::string policy(field_of(info, "maxmemory_policy"));
  if (most == 0) {
    return {Grade::warn, "memory", name + " has no memory limit (it uses " + size_text(used) + ")",
            "set maxmemory, and maxmemory-policy allkeys-lru or volatile-ttl"};
  }
  const std::string message =
      name + " uses " + size_text(used) + " of " + size_text(most) + ", maxmemory-policy " + policy;
  if (policy != "noeviction") return {Grade::pass, "memory", message, ""};
  return {used < most ? Grade::warn : Grade::fail, "memory", message + ": once it is full, nothing more is stored",
          "set maxmemory-policy allkeys-lru or volatile-ttl"};
}

}  // namespace

std::vector<Finding> check_state(const DiagnosisTarget& target, Node& node) {
  const std::string name = node.endpoint().name();
  const auto info = target.client.run_on(node, {"INFO"}, target.deadline);
  if (!info) {
    return {{Grade::warn, "version", info.error().message + ": version, role and memory are unknown",
             "allow the user +info"}};
  }
  return {version(target, name, info->text), role(target, name, info->text), memory(name, info->text)};
}

Finding check_cluster(const DiagnosisTarget& target, Node& node) {
  const auto info = target.client.run_on(node, {"CLUSTER", "INFO"}, target.deadline);
  if (!info) return {Grade::warn, "cluster", info.error().message, "allow the user +cluster|info"};
  const std::string state(field_of(info->text, "cluster_state"));
  const auto served = number_of(info->text, "cluster_slots_ok");
  const std::string message = "state " + state + ", " + std::to_string(served) + " of " + std::to_string(kSlots) +
                              " slots served by " + std::string(field_of(info->text, "cluster_size")) + " masters";
  if (state == "ok" && served == kSlots) return {Grade::pass, "cluster", message, ""};
  return {Grade::fail, "cluster", message, "see CLUSTER NODES; redis-cli --cluster fix may help"};
}

}  // namespace libcache::internal::redis
