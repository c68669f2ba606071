#include "nearest.h"

#include <fmt/format.h>
#include <libcache/entry.h>

#include <algorithm>
#include <compare>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

#include "text.h"
#include "ui/difference.h"
#include "ui/terminal.h"

namespace llmcache {

namespace lc = libcache;

namespace {

// How many entries are looked at: those that were used last, where the store knows.
constexpr std::size_t kMostEntries = 1000;
constexpr std::size_t kMostDifferences = 5;
// A longer request is compared by its beginning.
constexpr std::size_t kMostCompared = 64 << 10;

// The hashes of the words of a text, sorted.
std::vector<std::size_t> words_in(std::string_view text) {
  text = text.substr(0, kMostCompared);
  std::vector<std::size_t> words;
  for (auto word = text.begin(); word != text.end();) {
    word = std::find_if(word, text.end(), is_in_word);
    const auto end = std::find_if_not(word, text.end(), is_in_word);
    if (word != end) words.push_back(std::hash<std::string_view>()(std::string_view(word, end)));
    word = end;
  }
  std::ranges::sort(words);
  return words;
}

// The share of words that two lists have in common, from 0 to 1.
double shared(const std::vector<std::size_t>& left, const std::vector<std::size_t>& right) {
  std::vector<std::size_t> both;
  std::ranges::set_intersection(left, right, std::back_inserter(both));
  const std::size_t all = left.size() + right.size() - both.size();
  return all == 0 ? 1 : static_cast<double>(both.size()) / static_cast<double>(all);
}

// How near a stored request is: what comes first counts most.
struct Nearness {
  bool same_model = false;
  bool same_endpoint = false;
  double shared_words = 0;

  auto operator<=>(const Nearness&) const = default;
};

struct StoredRequest {
  std::string name;
  std::string endpoint;
  std::string canonical;
};

class Search {
 public:
  Search(lc::KeyDeriver deriver, lc::RequestKey asked)
      : deriver_(std::move(deriver)), asked_(std::move(asked)), words_(words_in(asked_.canonical)) {}

  void add(const std::string& name, std::string value) {
    const auto entry = lc::Entry::open(std::move(value));
    if (!entry) return;
    auto request = entry->request();
    const auto metadata = entry->metadata();
    if (!request || !*request || !metadata) return;
    const auto key = deriver_.derive(**request);
    if (!key) return;
    const Nearness nearness{key->model == asked_.model, metadata->endpoint == asked_.endpoint,
                            shared(words_, words_in(key->canonical))};
    if (!found_ || nearness > nearness_) {
      found_ = {name, metadata->endpoint, **std::move(request)};
      nearness_ = nearness;
    }
  }
  const std::optional<StoredRequest>& found() const { return found_; }

 private:
  lc::KeyDeriver deriver_;
  const lc::RequestKey asked_;
  const std::vector<std::size_t> words_;
  std::optional<StoredRequest> found_;
  Nearness nearness_;
};

}  // namespace

lc::Result<std::optional<Nearest>> find_nearest(lc::Store& store, const lc::KeyOptions& options,
                                                const std::string& request, lc::Deadline deadline) {
  auto deriver = lc::KeyDeriver::create(options);
  if (!deriver) return lc::fail(deriver.error());
  auto asked = deriver->derive(request);
  if (!asked) return lc::fail(asked.error());
  Search search(*std::move(deriver), *std::move(asked));
  const auto visit = [&](const lc::ScanRow& row) -> lc::Result<bool> {
    if (!lc::is_of_session(row.name, options)) return true;
    auto value = store.get(row.name, deadline);
    if (!value) return lc::fail(value.error());
    if (*value) search.add(row.name, std::move(**value));
    return true;
  };
  // A scan that failed may have found a request before.
  const auto status = store.scan_recent(lc::session_prefix(options), kMostEntries, visit, deadline);
  const auto& found = search.found();
  if (!status && !found) return lc::fail(status.error());
  if (!found) return std::nullopt;
  auto differences = lc::diff(options, found->canonical, request);
  if (!differences) return lc::fail(differences.error());
  return Nearest{found->name, found->endpoint, *std::move(differences)};
}

std::string why_same_request_missed(const lc::RequestKey& key, const Nearest& nearest, lc::EntryKind asked,
                                    lc::KeyScheme scheme) {
  if (nearest.name == (asked == lc::EntryKind::stream ? key.stream_name : key.response_name)) {
    return "it has the same key: its entry has expired or is damaged";
  }
  if (nearest.name == key.stream_name) return "it is the same request, stored as a stream: 'llmcache replay' reads it";
  if (nearest.name == key.response_name) {
    return "it is the same request without \"stream\": true: 'llmcache get' reads it";
  }
  const auto own = lc::EntryName::parse(key.response_name, scheme);
  const auto other = lc::EntryName::parse(nearest.name, scheme);
  if (own && other && own->owner == other->owner && own->hash == other->hash) {
    if (own->sample != other->sample)
      return fmt::format("it is sample {} of the same request (--sample)", other->sample);
    if (nearest.endpoint.empty()) return "it is the same request without an endpoint (--endpoint)";
    return fmt::format("it is the same request to {} (--endpoint)", nearest.endpoint);
  }
  return "it is the same request under other options: compare --provider, --no-model, --no-provider and --ignore";
}

std::vector<std::string> describe(const std::vector<lc::Difference>& differences) {
  std::vector<std::string> lines;
  for (const lc::Difference& difference : differences) {
    if (lines.size() == kMostDifferences) {
      lines.push_back(fmt::format("and {} more", differences.size() - kMostDifferences));
      break;
    }
    const std::string pointer = escaped(difference.pointer, false);
    const auto windows = show_windows(difference);
    lines.push_back(windows ? fmt::format("{} [stored|asked]: {}", pointer, *windows)
                            : fmt::format("{}: stored {}, asked {}", pointer, show_value(difference.left),
                                          show_value(difference.right)));
  }
  return lines;
}

}  // namespace llmcache
