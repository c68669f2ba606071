// What the server has done since it started, for Prometheus, for /_llmcache/stats and for the summary at its end.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "server/exchange.h"

namespace llmcache::serve {

class Histogram {
 public:
  void add(std::chrono::nanoseconds duration);
  // In the text format of Prometheus, in seconds.
  std::string prometheus(const std::string& name, const std::string& help) const;
  std::uint64_t count() const { return count_; }
  std::chrono::nanoseconds sum() const { return sum_; }

 private:
  static constexpr std::array<double, 12> kBoundsMs{0.25, 0.5, 1, 2.5, 5, 10, 25, 100, 250, 1000, 10000, 60000};
  std::array<std::uint64_t, kBoundsMs.size() + 1> buckets_{};
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds sum_{0};
};

// On the event loop only.
class Metrics {
 public:
  void begin() { ++in_flight_; }
  void end(const Exchange& exchange);
  void count_miss(const std::string& reason) { ++misses_[reason]; }
  void count_stored() { ++stored_; }
  void count_refused(const std::string& reason) { ++refused_[reason]; }
  void count_upstream_error(const std::string& kind) { ++upstream_errors_[kind]; }
  void count_store_error() { ++store_errors_; }

  std::string prometheus() const;
  std::string json() const;
  // One line for people.
  std::string summary() const;

 private:
  std::map<std::string, std::uint64_t> outcomes_;
  std::map<std::string, std::uint64_t> misses_;
  std::map<std::string, std::uint64_t> refused_;
  std::map<std::string, std::uint64_t> upstream_errors_;
  std::uint64_t stored_ = 0;
  std::uint64_t store_errors_ = 0;
  std::uint64_t bytes_ = 0;
  std::int64_t saved_tokens_ = 0;
  std::int64_t in_flight_ = 0;
  std::chrono::milliseconds saved_time_{0};
  Histogram hit_;
  Histogram first_byte_;
  Histogram upstream_;
};

}  // namespace llmcache::serve
