#include "stats/group.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

namespace llmcache {

namespace lc = libcache;

namespace {

std::string name_of(const lc::StatisticsRow& row, Dimension by) {
  switch (by) {
    case Dimension::model:
      return row.model;
    case Dimension::session:
      return row.session;
    case Dimension::endpoint:
      return row.endpoint;
    case Dimension::day:
      return text_of(row.day);
    case Dimension::none:
      break;
  }
  return "";
}

std::uint64_t sum_of(const auto& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

}  // namespace

std::uint64_t Group::misses() const {
  return sum_of(counters.misses);
}
std::uint64_t Group::refused() const {
  return sum_of(counters.refused);
}
std::uint64_t Group::lookups() const {
  return counters.hits + counters.followed + misses() + counters.failed_lookups;
}
std::optional<double> Group::rate() const {
  if (lookups() == 0) return std::nullopt;
  return static_cast<double>(counters.hits + counters.followed) / static_cast<double>(lookups());
}

std::string text_of(std::chrono::sys_days day) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(day)));
}

Summary summarize(const std::vector<lc::StatisticsRow>& rows, Dimension by, const Prices* prices) {
  Summary summary;
  summary.by = by;
  summary.priced = prices != nullptr;
  std::map<std::string, Group> groups;
  std::set<std::string> without_price;
  const auto add = [](Group& group, const lc::Counters& counters, double money) {
    group.counters += counters;
    group.money += money;
  };
  // By group and model, since prices depend on the model.
  std::map<std::pair<std::string, std::string>, lc::StatisticsRow::Counts> sums;
  for (const lc::StatisticsRow& row : rows) {
    summary.first = summary.first.value_or(row.day);
    summary.last = row.day;
    auto& sum = sums[{name_of(row, by), row.model}];
    for (const auto& [name, count] : row.counts) sum[name] += count;
  }
  for (const auto& [group_and_model, sum] : sums) {
    const auto& [name, model] = group_and_model;
    const lc::Counters counters = lc::to_counters(sum);
    const auto money = prices != nullptr ? prices->of(model, counters) : 0;
    if (!money && counters.prompt_tokens + counters.completion_tokens > 0) without_price.insert(model);
    add(summary.total, counters, money.value_or(0));
    if (by != Dimension::none) add(groups[name], counters, money.value_or(0));
  }
  for (auto& [name, group] : groups) {
    group.name = name;
    summary.groups.push_back(std::move(group));
  }
  if (by != Dimension::day) {
    std::ranges::sort(summary.groups, [](const Group& a, const Group& b) {
      return std::tie(b.counters.hits, a.name) < std::tie(a.counters.hits, b.name);
    });
  }
  summary.without_price.assign(without_price.begin(), without_price.end());
  return summary;
}

}  // namespace llmcache
