// What lies under our prefix: names that never expire, and what is left of streams of the Bifrost gateway.
#include "key/names.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "store/redis/doctor/diagnosis.h"
#include "store/redis/scan.h"

namespace libcache::internal::redis {

namespace {

using Grade = Finding::Grade;

constexpr std::size_t kEnough = 100'000;

// The chunks of one stream that are there.
struct Chunks {
  std::size_t count = 0;
  std::size_t last = 0;
};

struct Tally {
  std::size_t names = 0;
  std::size_t lasting = 0;  // without an end
  std::map<std::string, Chunks, std::less<>> streams;

  void add(const Listing& listing) {
    ++names;
    lasting += listing.expires ? 0 : 1;
    const auto mark = listing.name.rfind(kChunkSuffix);
    if (mark == std::string::npos) return;
    const std::string_view digits = std::string_view(listing.name).substr(mark + kChunkSuffix.size());
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error != std::errc() || end != digits.data() + digits.size()) return;
    Chunks& chunks = streams[listing.name.substr(0, mark)];
    ++chunks.count;
    chunks.last = std::max(chunks.last, index);
  }

  // Streams that lack a chunk before one that is there.
  std::size_t torn() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        streams, [](const auto& stream) { return stream.second.count != stream.second.last + 1; }));
  }
};

}  // namespace

std::vector<Finding> find_names(const Subject& subject) {
  Tally tally;
  const std::string& prefix = subject.options.prefix;
  const Store::Visitor visit = [&](const Listing& listing) -> Result<bool> {
    tally.add(listing);
    return tally.names < kEnough;
  };
  const auto scanned = Scan(subject.client, subject.clock, prefix, 0, visit, subject.deadline).run();
  if (!scanned) {
    const bool late = scanned.error().code == ErrorCode::timeout;
    return {{Grade::warn, "names", "not all were looked at: " + scanned.error().message,
             late ? "give a longer --deadline" : "see what else is said here"}};
  }
  const std::string of = " of " + std::string(tally.names == kEnough ? "the first " : "") +
                         std::to_string(tally.names) + " names under '" + prefix + "'";
  std::vector<Finding> findings;
  if (tally.names == 0) {
    findings.push_back({Grade::pass, "names", "there are none under '" + prefix + "'", ""});
  } else if (tally.lasting == 0) {
    findings.push_back({Grade::pass, "names", "all" + of + " expire", ""});
  } else {
    findings.push_back({Grade::warn, "names", std::to_string(tally.lasting) + of + " never expire",
                        "if they were not stored with --ttl never, remove them: llmcache ls, llmcache clear"});
  }
  if (const auto torn = tally.torn(); torn > 0 && tally.names < kEnough) {
    findings.push_back({Grade::warn, "chunks",
                        std::to_string(torn) + " streams of a Bifrost gateway lack chunks and are never answered",
                        "remove what is left of them: llmcache clear KEY, or llmcache purge"});
  }
  return findings;
}

}  // namespace libcache::internal::redis
