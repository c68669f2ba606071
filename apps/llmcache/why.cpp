#include "why.h"

#include <fmt/format.h>

namespace llmcache {

namespace lc = libcache;

namespace {

constexpr std::size_t kMostEntries = 1000;
constexpr std::size_t kMostDifferences = 5;

struct Nearest {
  std::string name;
  std::vector<lc::Difference> differences;
};

std::optional<Nearest> find_nearest(Context& context, const std::string& request) {
  const lc::KeyOptions options = context.key_options();
  lc::Store& store = context.cache().store();
  std::optional<Nearest> nearest;
  std::size_t seen = 0;
  const auto visit = [&](const lc::ScanRow& listing) -> lc::Result<bool> {
    if (!lc::is_of_session(listing.name, options)) return true;
    auto value = store.get(listing.name, context.deadline());
    if (!value) return tl::make_unexpected(value.error());
    if (!*value) return true;
    const auto entry = lc::Entry::open(std::move(**value));
    if (!entry) return true;
    const auto stored = entry->request();
    if (!stored || !*stored) return true;
    auto differences = lc::diff(options, **stored, request);
    if (differences && (!nearest || differences->size() < nearest->differences.size())) {
      nearest = {listing.name, std::move(*differences)};
    }
    return ++seen < kMostEntries;
  };
  const auto scanned = store.scan(lc::session_prefix(options), 0, visit, context.deadline());
  if (!scanned) context.report().warn("the search for a similar request was cut short: " + scanned.error().message);
  return nearest;
}

// Why a request missed although the stored one under `name` does not differ.
std::string why_equal(const lc::RequestKey& key, const std::string& name) {
  if (name == key.stream_name) return "it is the same request, stored as a stream: 'llmcache replay' reads it";
  if (name == key.response_name) return "it has the same key: its entry has expired or is damaged";
  return "it is the same request under other options: compare --endpoint, --sample, --provider, --no-model, "
         "--no-provider and --ignore";
}

}  // namespace

void explain_miss(Context& context, const std::string& request) {
  if (context.key_options().scheme == lc::KeyScheme::bifrost) {
    context.report().say("a gateway's entries hold no requests to compare with: compare two with 'llmcache diff'");
    return;
  }
  const auto nearest = find_nearest(context, request);
  if (!nearest) {
    context.report().say("no stored request to compare with in this session");
    return;
  }
  context.report().say("nearest stored request: " + nearest->name);
  if (nearest->differences.empty()) {
    context.report().say(why_equal(checked(context.cache().key(request)), nearest->name));
    return;
  }
  for (std::size_t i = 0; i < std::min(nearest->differences.size(), kMostDifferences); ++i) {
    const lc::Difference& difference = nearest->differences[i];
    context.report().say(fmt::format("  {}: stored {}, asked {}", difference.pointer,
                                     difference.left.value_or("(absent)"), difference.right.value_or("(absent)")));
  }
  if (nearest->differences.size() > kMostDifferences) {
    context.report().say(fmt::format("  and {} more", nearest->differences.size() - kMostDifferences));
  }
}

}  // namespace llmcache
