// The folder `doctor`: diagnoses the servers of a Redis store.
//
// Each check returns findings with advice: whether the servers can be reached (diagnosis), how fast they are and
// whether their clocks are right (timing), what they report about themselves (state), and whether our user may run
// every command that the store needs (rights). It accesses the servers through the folder `routing` and does not use
// the store.
#pragma once

#include <libcache/diagnosis.h>
#include <libcache/store_url.h>

#include <string>
#include <vector>

#include "store/redis/routing/client.h"

namespace libcache::internal::redis {

// What the checks look at. All references must outlive the diagnosis.
struct DiagnosisTarget {
  Client& client;
  const StoreUrl& url;
  std::string user;       // the user that we authenticate as; empty: the default user
  bool insecure = false;  // TLS without verification
  const Clock& clock;
  const DiagnosisOptions& options;
  Deadline deadline;
};

std::vector<Finding> diagnose(const DiagnosisTarget& target);

// The checks of one server, and those of all servers together.
Finding check_latency(const DiagnosisTarget& target, Node& node);
Finding check_clock(const DiagnosisTarget& target, Node& node);
std::vector<Finding> check_state(const DiagnosisTarget& target, Node& node);
Finding check_cluster(const DiagnosisTarget& target, Node& node);
std::vector<Finding> check_rights(const DiagnosisTarget& target, const Masters& nodes);

}  // namespace libcache::internal::redis
