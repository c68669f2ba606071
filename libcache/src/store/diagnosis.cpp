#include <libcache/diagnosis.h>

namespace libcache {

std::vector<Finding> diagnose(Store& store, const DiagnosisOptions& options, Deadline deadline) {
  if (auto* able = dynamic_cast<Diagnosable*>(&store)) return able->diagnose(options, deadline);
  const auto pong = store.ping(deadline);
  if (!pong) return {{Finding::Grade::fail, "connection", pong.error().message, "see that it can be reached"}};
  return {{Finding::Grade::pass, "connection", "the store answers", ""}};
}

}  // namespace libcache
