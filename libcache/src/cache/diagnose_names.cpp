// Diagnoses the names under a prefix: those that never expire, and incomplete streams of a Bifrost gateway.
#include <libcache/diagnosis.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "key/names.h"

namespace libcache {

namespace {

using Grade = Finding::Grade;

constexpr std::size_t kMostNames = 100'000;

// The chunks of one stream.
struct Chunks {
  std::size_t count = 0;
  std::size_t last = 0;
};

struct NameStatistics {
  std::size_t names = 0;
  std::size_t without_expiry = 0;
  std::map<std::string, Chunks, std::less<>> streams;

  void add(const ScanRow& listing) {
    ++names;
    without_expiry += listing.expires ? 0 : 1;
    const auto suffix = listing.name.rfind(internal::kChunkSuffix);
    if (suffix == std::string::npos) return;
    const char* const begin = listing.name.data() + suffix + internal::kChunkSuffix.size();
    const char* const end = listing.name.data() + listing.name.size();
    std::size_t index = 0;
    const auto parsed = std::from_chars(begin, end, index);
    if (parsed.ec != std::errc() || parsed.ptr != end) return;
    Chunks& chunks = streams[listing.name.substr(0, suffix)];
    ++chunks.count;
    chunks.last = std::max(chunks.last, index);
  }

  // Streams of which a chunk before the last one is missing.
  std::size_t incomplete() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        streams, [](const auto& stream) { return stream.second.count != stream.second.last + 1; }));
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
  std::vector<Finding> findings = {check_expiry(statistics, prefix)};
  const auto incomplete = statistics.incomplete();
  if (incomplete > 0 && statistics.names < kMostNames) {
    findings.push_back({Grade::warn, "chunks",
                        std::to_string(incomplete) + " streams of a Bifrost gateway lack chunks and are never replayed",
                        "remove them: llmcache clear KEY, or llmcache purge"});
  }
  return findings;
}

}  // namespace libcache
