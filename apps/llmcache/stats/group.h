// Statistics that were added up: in all, or for one model, session, endpoint or day.
#pragma once

#include <libcache/counters.h>
#include <libcache/statistics.h>
#include <libcache/store.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stats/prices.h"

namespace llmcache {

enum class Dimension { none, model, session, endpoint, day };

struct Group {
  std::string name;  // of the model, session, endpoint or day
  libcache::Counters counters;
  double money = 0;  // saved, as far as there are prices

  std::uint64_t misses() const;
  std::uint64_t refused() const;
  std::uint64_t lookups() const;
  // Of the lookups, how many got an answer without a call of their own; nothing without lookups.
  std::optional<double> rate() const;
};

// What is shown.
struct Summary {
  std::optional<std::chrono::sys_days> first;  // the days that have rows
  std::optional<std::chrono::sys_days> last;
  Group total;
  Dimension by = Dimension::none;
  std::vector<Group> groups;                // days in order, others by hits, then by name
  std::optional<libcache::StoreSize> size;  // of the store now
  bool priced = false;
  std::vector<std::string> without_price;  // models with saved tokens
};

std::string text_of(std::chrono::sys_days day);

// `prices` may be nullptr.
Summary summarize(const std::vector<libcache::StatisticsRow>& rows, Dimension by, const Prices* prices);

}  // namespace llmcache
