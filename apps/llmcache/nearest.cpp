#include "nearest.h"

#include <fmt/format.h>
#include <libcache/entry.h>

#include <algorithm>

namespace llmcache {

namespace lc = libcache;

namespace {

constexpr std::size_t kMostEntries = 1000;
constexpr std::size_t kMostDifferences = 5;

}  // namespace

lc::Result<std::optional<Nearest>> find_nearest(lc::Store& store, const lc::KeyOptions& options,
                                                const std::string& request, lc::Deadline deadline) {
  std::optional<Nearest> nearest;
  std::size_t seen = 0;
  const auto visit = [&](const lc::ScanRow& row) -> lc::Result<bool> {
    if (!lc::is_of_session(row.name, options)) return true;
    auto value = store.get(row.name, deadline);
    if (!value) return lc::fail(value.error());
    if (!*value) return true;
    const auto entry = lc::Entry::open(std::move(**value));
    if (!entry) return true;
    const auto stored = entry->request();
    if (!stored || !*stored) return true;
    auto differences = lc::diff(options, **stored, request);
    if (differences && (!nearest || differences->size() < nearest->differences.size())) {
      nearest = {row.name, std::move(*differences)};
    }
    return ++seen < kMostEntries;
  };
  // A scan that failed may have found a request before.
  const auto status = store.scan(lc::session_prefix(options), 0, visit, deadline);
  if (!status && !nearest) return lc::fail(status.error());
  return nearest;
}

std::vector<std::string> describe(const std::vector<lc::Difference>& differences) {
  std::vector<std::string> lines;
  for (const lc::Difference& difference : differences) {
    if (lines.size() == kMostDifferences) {
      lines.push_back(fmt::format("and {} more", differences.size() - kMostDifferences));
      break;
    }
    lines.push_back(fmt::format("{}: stored {}, asked {}", difference.pointer, difference.left.value_or("(absent)"),
                                difference.right.value_or("(absent)")));
  }
  return lines;
}

}  // namespace llmcache
