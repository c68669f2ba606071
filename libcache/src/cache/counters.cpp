#include <libcache/counters.h>

#include <string>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

namespace {

// Calls `visit` with the name of each counter, in two parts, and the counter. On disk and in servers: the names never
// change meaning.
template <class AnyCounters, class Visit>
void each_counter(AnyCounters& counters, const Visit& visit) {
  visit("hits", "", counters.hits);
  for (std::size_t i = 1; i < kMissReasons; ++i) {
    visit("misses_", to_string(static_cast<MissReason>(i)), counters.misses[i]);
  }
  visit("followed", "", counters.followed);
  visit("failed_lookups", "", counters.failed_lookups);
  visit("stored", "", counters.stored);
  for (std::size_t i = 0; i < kRefusals; ++i) {
    visit("refused_", to_string(static_cast<Refusal>(i)), counters.refused[i]);
  }
  visit("dropped", "", counters.dropped);
  visit("store_errors", "", counters.store_errors);
  visit("hit_bytes", "", counters.hit_bytes);
  visit("stored_bytes", "", counters.stored_bytes);
  visit("prompt_tokens", "", counters.prompt_tokens);
  visit("cached_tokens", "", counters.cached_tokens);
  visit("completion_tokens", "", counters.completion_tokens);
  visit("saved_ms", "", counters.saved_ms);
}

}  // namespace

std::string_view to_string(MissReason reason) {
  switch (reason) {
    case MissReason::none:
      return "none";
    case MissReason::absent:
      return "absent";
    case MissReason::expired:
      return "expired";
    case MissReason::corrupt:
      return "corrupt";
    case MissReason::collision:
      return "collision";
    case MissReason::incomplete:
      return "incomplete";
    case MissReason::policy:
      return "policy";
    case MissReason::rejected:
      return "rejected";
  }
  return "none";
}

StatisticsRow::Counts to_counts(const Counters& counters) {
  StatisticsRow::Counts counts;
  each_counter(counters, [&](std::string_view name, std::string_view reason, std::uint64_t count) {
    if (count > 0) counts.emplace(std::string(name).append(reason), count);
  });
  return counts;
}

Counters to_counters(const StatisticsRow::Counts& counts) {
  Counters counters;
  std::string full_name;
  each_counter(counters, [&](std::string_view name, std::string_view reason, std::uint64_t& count) {
    full_name.assign(name).append(reason);
    if (const auto found = counts.find(full_name); found != counts.end()) count = found->second;
  });
  return counters;
}

Counters& Counters::operator+=(const Counters& other) {
  std::vector<std::uint64_t> counts;
  each_counter(other, [&](auto, auto, std::uint64_t count) { counts.push_back(count); });
  auto next = counts.begin();
  each_counter(*this, [&](auto, auto, std::uint64_t& count) { count += *next++; });
  return *this;
}

}  // namespace libcache LIBCACHE_EXPORT
