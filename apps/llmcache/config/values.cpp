#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

#include "failure.h"

namespace llmcache {

using libcache::Milliseconds;

namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 6> kDurations{
    {{"", 1e3}, {"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}}};
constexpr std::array<Unit, 7> kSizes{{{"", 1},
                                      {"k", 1024.0},
                                      {"K", 1024.0},
                                      {"M", 1048576.0},
                                      {"m", 1048576.0},
                                      {"G", 1073741824.0},
                                      {"g", 1073741824.0}}};

// A number and a unit as a count of the smallest unit, or a negative number where it is neither.
double parse_quantity(std::string_view text, std::span<const Unit> units) {
  if (text.empty() || text.find_first_not_of("0123456789.") == 0) return -1;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc()) return -1;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& known : units) {
    if (unit == known.name) return number * known.factor;
  }
  return -1;
}

}  // namespace

Milliseconds parse_duration(std::string_view text) {
  const double value = parse_quantity(text, kDurations);
  constexpr double kLongest = 1e15;  // some 30,000 years: a date so far off still fits its type
  if (value < 0 || value > kLongest) {
    usage_error(fmt::format("'{}' is not a duration: write 250ms, 30s, 5m, 1h or 7d", text));
  }
  return Milliseconds(static_cast<std::int64_t>(std::ceil(value)));
}

libcache::Ttl parse_ttl(std::string_view text) {
  if (text == "never") return libcache::Ttl::never();
  return {parse_duration(text)};
}

std::uint64_t parse_size(std::string_view text) {
  const double value = parse_quantity(text, kSizes);
  if (value < 0 || value > 1e18) usage_error(fmt::format("'{}' is not a size: write 64k, 10M or 2G", text));
  return static_cast<std::uint64_t>(value);
}

std::uint64_t parse_count(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) {
    usage_error(fmt::format("'{}' is not a whole number of at least 0", text));
  }
  return count;
}

bool parse_bool(std::string_view text) {
  for (const auto* word : {"1", "true", "yes", "on"}) {
    if (text == word) return true;
  }
  for (const auto* word : {"0", "false", "no", "off"}) {
    if (text == word) return false;
  }
  usage_error(fmt::format("'{}' is not a boolean: write 1, 0, true, false, yes, no, on or off", text));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string format_duration(Milliseconds duration) {
  const std::int64_t total = duration.count();
  if (total < 1000) return fmt::format("{}ms", total);
  constexpr std::array<std::pair<std::int64_t, char>, 4> kUnits{
      {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}}};
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    const auto [unit, letter] = kUnits[i];
    if (total < unit) continue;
    std::string first = fmt::format("{}{}", total / unit, letter);
    if (i + 1 == kUnits.size()) return first;
    const auto [next_unit, next_letter] = kUnits[i + 1];
    const std::int64_t rest = total % unit / next_unit;
    return rest == 0 ? first : fmt::format("{} {}{}", first, rest, next_letter);
  }
  return "0s";
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::string_view kUnits = "BKMGTPE";
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{}B", bytes) : fmt::format("{:.1f}{}", value, kUnits[unit]);
}

namespace {

// How many characters must be inserted, removed, replaced or swapped with their neighbour to get from `a` to `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  std::iota(cost[0].begin(), cost[0].end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    cost[i][0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({replaced, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  constexpr std::size_t kLongest = 64;  // nobody mistypes a word longer than that, and comparing takes long
  if (word.size() > kLongest) return "";
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

}  // namespace llmcache
