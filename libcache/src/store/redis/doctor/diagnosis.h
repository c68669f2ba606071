// A look at every server of a Redis store: whether it can do what the store asks of it, and will go on doing so.
#pragma once

#include <libcache/diagnosis.h>

#include <string>
#include <string_view>
#include <vector>

#include "store/redis/client.h"

namespace libcache::internal::redis {

// What is looked at, and how.
struct Subject {
  Client& client;
  const StoreUrl& url;
  std::string user;       // whom we connect as; empty: the default user
  bool insecure = false;  // TLS without verification
  const Clock& clock;
  const DiagnosisOptions& options;
  Deadline deadline;
};

std::vector<Finding> diagnose(const Subject& subject);

// Its parts, each with the findings of one server or of all.
Finding find_latency(const Subject& subject, Node& node);
Finding find_clock_difference(const Subject& subject, Node& node);
std::vector<Finding> find_server_state(const Subject& subject, Node& node);
Finding find_cluster_state(const Subject& subject, Node& node);
std::vector<Finding> find_rights(const Subject& subject, std::span<const std::shared_ptr<Node>> nodes);
std::vector<Finding> find_names(const Subject& subject);

}  // namespace libcache::internal::redis
