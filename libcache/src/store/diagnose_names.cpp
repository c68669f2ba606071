// Diagnoses the names under a prefix: whether they expire.
#include <libcache/diagnosis.h>
#include <libcache/store.h>

namespace libcache LIBCACHE_EXPORT {

using Grade = Finding::Grade;

std::vector<Finding> diagnose_names(Store& store, const std::string& prefix, Deadline deadline) {
  constexpr std::size_t kMostNames = 100'000;
  std::size_t names = 0;
  std::size_t without_expiry = 0;
  const Store::Visitor visit = [&](const ScanRow& row) -> Result<bool> {
    without_expiry += row.expires ? 0 : 1;
    return ++names < kMostNames;
  };
  if (const auto scanned = store.scan(prefix, 0, visit, deadline); !scanned) {
    const bool late = scanned.error().code == ErrorCode::timeout;
    return {{Grade::warn, "names", "not all names were checked: " + scanned.error().message,
             late ? "allow more time with --deadline" : "see the other findings"}};
  }
  if (names == 0) return {{Grade::pass, "names", "there are none under '" + prefix + "'", ""}};
  const std::string of = " of " + std::string(names == kMostNames ? "the first " : "") + std::to_string(names) +
                         " names under '" + prefix + "'";
  if (without_expiry == 0) return {{Grade::pass, "names", "all" + of + " expire", ""}};
  return {{Grade::warn, "names", std::to_string(without_expiry) + of + " never expire",
           "if they were not stored with --ttl never, remove them: llmcache ls, llmcache clear"}};
}

}  // namespace libcache LIBCACHE_EXPORT
