#include "monitor/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "config/values.h"

namespace llmcache::serve {

namespace {

using Counts = std::map<std::string, std::uint64_t>;

// The reasons are words of ours, so that they need no escaping.
std::string family(const std::string& name, const std::string& help, const std::string& label, const Counts& counts) {
  std::string text = fmt::format("# HELP {} {}\n# TYPE {} counter\n", name, help, name);
  for (const auto& [value, count] : counts) text += fmt::format("{}{{{}=\"{}\"}} {}\n", name, label, value, count);
  return text;
}

std::string single(const std::string& name, const std::string& help, const std::string& type, std::int64_t value) {
  return fmt::format("# HELP {} {}\n# TYPE {} {}\n{} {}\n", name, help, name, type, name, value);
}

std::uint64_t total(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& count) { return sum + count.second; });
}

std::uint64_t count_of(const Counts& counts, Outcome outcome) {
  const auto found = counts.find(std::string(to_string(outcome)));
  return found == counts.end() ? 0 : found->second;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::hit:
      return "hit";
    case Outcome::miss:
      return "miss";
    case Outcome::followed:
      return "followed";
    case Outcome::not_cached:
      return "not_cached";
    case Outcome::bypass:
      return "bypass";
    case Outcome::own:
      return "own";
    case Outcome::failed:
      return "failed";
  }
  return "unknown";
}

void Histogram::add(std::chrono::nanoseconds duration) {
  const double milliseconds = std::chrono::duration<double, std::milli>(duration).count();
  std::size_t bucket = 0;
  while (bucket < kBoundsMs.size() && milliseconds > kBoundsMs[bucket]) ++bucket;
  ++buckets_[bucket];
  ++count_;
  sum_ += duration;
}

std::string Histogram::prometheus(const std::string& name, const std::string& help) const {
  std::string text = fmt::format("# HELP {} {}\n# TYPE {} histogram\n", name, help, name);
  std::uint64_t cumulated = 0;
  for (std::size_t i = 0; i < kBoundsMs.size(); ++i) {
    cumulated += buckets_[i];
    text += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", name, kBoundsMs[i] / 1000, cumulated);
  }
  return text + fmt::format("{}_bucket{{le=\"+Inf\"}} {}\n{}_sum {}\n{}_count {}\n", name, count_, name,
                            std::chrono::duration<double>(sum_).count(), name, count_);
}

void Metrics::end(const Exchange& exchange) {
  --in_flight_;
  ++outcomes_[std::string(to_string(exchange.outcome))];
  bytes_ += exchange.bytes;
  const auto now = Exchange::Clock::now();
  if (exchange.first_byte) first_byte_.add(*exchange.first_byte - exchange.start);
  if (exchange.outcome == Outcome::hit) {
    hit_.add(now - exchange.start);
    // As `llmcache stats` counts it.
    saved_time_ += exchange.saved.time;
    saved_tokens_ += static_cast<std::int64_t>(exchange.saved.prompt_tokens + exchange.saved.completion_tokens);
  } else if (exchange.outcome == Outcome::miss || exchange.outcome == Outcome::bypass) {
    upstream_.add(now - exchange.start);
  }
}

std::string Metrics::prometheus() const {
  return family("llmcache_requests_total", "Requests by outcome.", "outcome", outcomes_) +
         family("llmcache_misses_total", "Lookups without an answer, by reason.", "reason", misses_) +
         family("llmcache_refused_total", "Answers that were not stored, by reason.", "reason", refused_) +
         family("llmcache_upstream_errors_total", "Upstream calls that failed, by kind.", "kind", upstream_errors_) +
         single("llmcache_stored_total", "Answers that were stored.", "counter", static_cast<std::int64_t>(stored_)) +
         single("llmcache_store_errors_total", "Operations of the store that failed.", "counter",
                static_cast<std::int64_t>(store_errors_)) +
         single("llmcache_sent_bytes_total", "Bytes of bodies sent to clients.", "counter",
                static_cast<std::int64_t>(bytes_)) +
         single("llmcache_saved_tokens_total", "Tokens of answers served from the cache.", "counter", saved_tokens_) +
         single("llmcache_requests_in_flight", "Requests being answered.", "gauge", in_flight_) +
         hit_.prometheus("llmcache_hit_seconds", "Time to answer a hit.") +
         first_byte_.prometheus("llmcache_first_byte_seconds", "Time to the first byte of any answer.") +
         upstream_.prometheus("llmcache_upstream_seconds", "Time of requests that asked the upstream.");
}

std::string Metrics::json() const {
  return nlohmann::json{{"schema", "llmcache.serve-stats/1"},
                        {"requests", outcomes_},
                        {"misses", misses_},
                        {"refused", refused_},
                        {"upstream_errors", upstream_errors_},
                        {"stored", stored_},
                        {"store_errors", store_errors_},
                        {"sent_bytes", bytes_},
                        {"saved_tokens", saved_tokens_},
                        {"saved_ms", saved_time_.count()},
                        {"in_flight", in_flight_}}
      .dump();
}

std::string Metrics::summary() const {
  return fmt::format("{} hits, {} misses, {} stored, {} refused, {} upstream errors, {} saved",
                     count_of(outcomes_, Outcome::hit) + count_of(outcomes_, Outcome::followed),
                     count_of(outcomes_, Outcome::miss) + count_of(outcomes_, Outcome::not_cached), stored_,
                     total(refused_), total(upstream_errors_), format_duration(saved_time_));
}

}  // namespace llmcache::serve
