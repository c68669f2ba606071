#include "config/values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

#include "text.h"

namespace llmcache {

using libcache::Milliseconds;

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// From the smallest to the largest; for a bare number, the factor is that of "".
constexpr std::array<Unit, 6> kDurationUnits{
    {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 7> kSizes{
    {{"", 1}, {"k", 1U << 10}, {"K", 1U << 10}, {"m", 1U << 20}, {"M", 1U << 20}, {"g", 1U << 30}, {"G", 1U << 30}}};

// Removes a decimal number from the beginning of `text` and returns it.
std::optional<double> take_decimal(std::string_view& text) {
  if (text.empty() || text.find_first_not_of("0123456789.") == 0) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// A number and a unit as a count of the smallest unit, or a negative number for anything else.
double parse_quantity(std::string_view text, std::span<const Unit> units) {
  const auto number = take_decimal(text);
  const auto unit = std::ranges::find(units, text, &Unit::name);
  return number && unit != units.end() ? *number * static_cast<double>(unit->factor) : -1;
}

// In the largest unit that leaves no remainder.
std::string exact_quantity(std::uint64_t value, std::span<const Unit> units) {
  const auto fits = [&](const Unit& unit) { return !unit.name.empty() && value % unit.factor == 0; };
  const auto largest = std::find_if(units.rbegin(), units.rend(), fits);
  if (value == 0 || largest == units.rend()) return std::to_string(value);
  return std::to_string(value / largest->factor) + std::string(largest->name);
}

}  // namespace

Milliseconds parse_duration(std::string_view text) {
  const double value = parse_quantity(text, kDurationUnits);
  constexpr double kLongest = 1e15;  // some 30,000 years: a date that far away still fits its type
  if (value < 0 || value > kLongest) {
    usage_error(fmt::format("'{}' is not a duration such as 250ms, 30s, 5m, 1h or 7d", shortened(text)));
  }
  return Milliseconds(static_cast<std::int64_t>(std::ceil(value)));
}

std::optional<Milliseconds> parse_duration_or_never(std::string_view text) {
  if (text == "never") return std::nullopt;
  return parse_duration(text);
}

std::uint64_t parse_size(std::string_view text) {
  const double value = parse_quantity(text, kSizes);
  if (value < 0 || value > 1e18) usage_error(fmt::format("'{}' is not a size such as 64k, 10M or 2G", shortened(text)));
  return static_cast<std::uint64_t>(value);
}

std::uint64_t parse_count(std::string_view text, std::uint64_t smallest, std::uint64_t largest) {
  const auto count = whole_number<std::uint64_t>(text);
  if (count && *count >= smallest && *count <= largest) return *count;
  usage_error(fmt::format("'{}' is not a whole number {} {}", shortened(text),
                          largest == UINT64_MAX ? "of at least" : fmt::format("from {} to", smallest),
                          largest == UINT64_MAX ? smallest : largest));
}

bool parse_bool(std::string_view text) {
  for (const auto* word : {"1", "true", "yes", "on"}) {
    if (text == word) return true;
  }
  for (const auto* word : {"0", "false", "no", "off"}) {
    if (text == word) return false;
  }
  usage_error(fmt::format("'{}' is not a boolean: 1, 0, true, false, yes, no, on or off", shortened(text)));
}

void not_among(std::string_view text, const std::vector<std::string>& names) {
  usage_error(fmt::format("'{}' is not one of {}", shortened(text), fmt::join(names, ", ")));
}

std::optional<double> parse_decimal(std::string_view text) {
  const auto number = take_decimal(text);
  if (!number || !text.empty() || *number <= 0) return std::nullopt;
  return number;
}

std::optional<double> parse_pace(std::string_view text) {
  if (text == "none") return std::nullopt;
  if (text == "recorded") return 1.0;
  constexpr double kSlowest = 0.001;  // a slower one could overflow the clock
  const auto factor = text.starts_with('x') ? parse_decimal(text.substr(1)) : std::nullopt;
  if (factor && *factor >= kSlowest) return factor;
  usage_error(fmt::format("'{}' is not a pace: none, recorded, or x2 for twice as fast", shortened(text)));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (const auto part = trimmed(text.substr(0, end)); !part.empty()) parts.emplace_back(part);
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

std::string exact_duration(Milliseconds duration) {
  const auto count = static_cast<std::uint64_t>(std::max<Milliseconds::rep>(0, duration.count()));
  return count == 0 ? "0s" : exact_quantity(count, kDurationUnits);
}

std::string exact_size(std::uint64_t bytes) {
  return exact_quantity(bytes, kSizes);
}

namespace {

constexpr std::size_t kLongestWord = 64;

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
  if (word.size() > kLongestWord) return "";  // comparing it would take long
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

std::string shortened(std::string_view text) {
  return text.size() <= kLongestWord ? std::string(text) : std::string(text.substr(0, kLongestWord)) + "...";
}

}  // namespace llmcache
