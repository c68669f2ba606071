// Diagnoses the names under a prefix: whether they expire.
#include <libcache/diagnosis.h>

namespace libcache {

namespace {

using Grade = Finding::Grade;

constexpr std::size_t kMostNames = 100'000;

struct NameStatistics {
  std::size_t names = 0;
  std::size_t without_expiry = 0;

  void add(const ScanRow& listing) {
    ++names;
    without_expiry += listing.expires ? 0 : 1;
  }
};

Finding check_expiry(const NameStatistics& statistics, const std::string& prefix) {
  if (statistics.names == 0) return {Grade::pass, "names", "there are none under '" + prefix + "'", ""};
  const std::string of = " of " + std::string(statistics.names == kMostNames ? "the first " : "") +
                         std::to_string(statistics.names) + " names under '" + prefix + "'";
  if (statistics.without_expiry == 0) return {Grade::pass, "names", "all" + of + " expire", ""};
  return {Grade::warn, "names", std::to_string(statistics.without_expiry) + of + " never expire",
          "if they were not stored with --ttl never, remove them: llmcache ls, llmcache clear"};
}

}  // namespace

std::vector<Finding> diagnose_names(Store& store, const std::string& prefix, Deadline deadline) {
  NameStatistics statistics;
  const Store::Visitor visit = [&](const ScanRow& listing) -> Result<bool> {
    statistics.add(listing);
    return statistics.names < kMostNames;
  };
  const auto scanned = store.scan(prefix, 0, visit, deadline);
  if (!scanned) {
    const bool late = scanned.error().code == ErrorCode::timeout;
    return {{Grade::warn, "names", "not all names were checked: " + scanned.error().message,
             late ? "allow more time with --deadline" : "see the other findings"}};
  }
  return {check_expiry(statistics, prefix)};
}

}  // namespace libcache
