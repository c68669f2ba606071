#include "stats/display.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "config/values.h"
#include "ui/terminal.h"

namespace llmcache {

namespace lc = libcache;

namespace {

constexpr std::size_t kLongestBar = 30;
constexpr std::size_t kShortestBar = 6;

std::string percent(std::optional<double> share) {
  return share ? fmt::format("{:.1f}%", *share * 100) : "-";
}

// With three digits and a unit, as "1.25M".
std::string shortened(std::uint64_t count) {
  constexpr std::pair<double, char> kUnits[] = {{1e12, 'T'}, {1e9, 'G'}, {1e6, 'M'}, {1e3, 'k'}};
  const auto number = static_cast<double>(count);
  for (const auto& [unit, letter] : kUnits) {
    if (number >= 10 * unit || (number >= unit && unit > 1e3)) return fmt::format("{:.3g}{}", number / unit, letter);
  }
  return std::to_string(count);
}

std::string duration(std::uint64_t milliseconds) {
  return format_duration(lc::Milliseconds(milliseconds));
}

// Small amounts with two digits that say something.
std::string money(double amount) {
  return amount > 0 && amount < 0.01 ? fmt::format("{:.2g}", amount) : fmt::format("{:.2f}", amount);
}

std::string bar(double share, std::size_t columns) {
  return std::string(static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(columns) + 0.5), '#');
}

struct Line {
  std::string part_of;  // the label of a line above
  std::string label;
  std::string value;
  std::optional<double> share = {};  // of all lookups
};

std::vector<Line> lines_of(const Summary& summary) {
  const Group& total = summary.total;
  const lc::Counters& counters = total.counters;
  std::vector<Line> lines;
  const auto text = [&](std::string label, std::string value) {
    lines.push_back({"", std::move(label), std::move(value)});
  };
  const auto count = [&](std::string label, std::uint64_t number) { text(std::move(label), std::to_string(number)); };
  const auto share = [&](std::string label, std::uint64_t number) {
    count(std::move(label), number);
    if (total.lookups() > 0) lines.back().share = static_cast<double>(number) / static_cast<double>(total.lookups());
  };
  const auto part = [&](std::string of, std::string_view label, std::uint64_t number) {
    lines.push_back({std::move(of), std::string(label), std::to_string(number)});
  };
  const auto reasons = [&]<class Reason>(const std::string& of, const auto& counts, Reason) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] > 0) part(of, to_string(static_cast<Reason>(i)), counts[i]);
    }
  };
  if (summary.first) text("since", text_of(*summary.first));
  count("lookups", total.lookups());
  share("hits", counters.hits);
  share("followed", counters.followed);
  share("misses", total.misses());
  reasons("misses", counters.misses, lc::MissReason::none);
  share("failed", counters.failed_lookups);
  count("stored", counters.stored);
  count("refused", total.refused());
  reasons("refused", counters.refused, lc::Refusal::incomplete);
  if (counters.dropped > 0) count("dropped", counters.dropped);
  count("store errors", counters.store_errors);
  text("bytes of hits", format_size(counters.hit_bytes));
  text("bytes stored", format_size(counters.stored_bytes));
  count("tokens saved", counters.prompt_tokens + counters.completion_tokens);
  part("tokens saved", "prompt", counters.prompt_tokens);
  part("tokens saved", "cached", counters.cached_tokens);
  part("tokens saved", "completion", counters.completion_tokens);
  text("time saved", duration(counters.saved_ms));
  if (summary.size) {
    count("entries now", summary.size->values);
    text("on disk now", format_size(summary.size->bytes));
  }
  if (summary.priced) text("money saved", money(total.money));
  return lines;
}

void display_lines(const std::vector<Line>& lines, Output& out, std::size_t columns) {
  constexpr std::size_t kLabel = 15;
  constexpr std::size_t kValue = 10;
  constexpr std::size_t kShare = 7;
  constexpr std::size_t kUsed = kLabel + kValue + kShare + 2;
  for (const Line& line : lines) {
    const bool is_part = !line.part_of.empty();
    if (!out.is_terminal()) {
      out.line(fmt::format("{}{}\t{}{}", is_part ? line.part_of + " " : "", line.label, line.value,
                           line.share ? "\t" + percent(line.share) : ""));
    } else if (!line.share) {
      out.line(fmt::format("{:<{}}{:>{}}", (is_part ? "  " : "") + line.label, kLabel, line.value, kValue));
    } else {
      out.print(
          fmt::format("{:<{}}{:>{}}{:>{}}  ", line.label, kLabel, line.value, kValue, percent(line.share), kShare));
      const std::size_t left = columns > kUsed ? std::min(columns - kUsed, kLongestBar) : 0;
      out.line(left < kShortestBar ? "" : bar(*line.share, left), Style::green);
    }
  }
}

struct Column {
  std::string heading;
  std::function<std::string(const Group&)> value;
};

// The most important first: on a narrow terminal the last are left out.
std::vector<Column> columns_about(const Summary& summary) {
  std::vector<Column> columns;
  columns.push_back({"HITS", [](const Group& g) { return std::to_string(g.counters.hits); }});
  columns.push_back({"RATE", [](const Group& g) { return percent(g.rate()); }});
  if (summary.priced) columns.push_back({"MONEY", [](const Group& g) { return money(g.money); }});
  columns.push_back({"TIME", [](const Group& g) { return duration(g.counters.saved_ms); }});
  columns.push_back(
      {"TOKENS", [](const Group& g) { return shortened(g.counters.prompt_tokens + g.counters.completion_tokens); }});
  columns.push_back({"LOOKUPS", [](const Group& g) { return std::to_string(g.lookups()); }});
  columns.push_back({"STORED", [](const Group& g) { return std::to_string(g.counters.stored); }});
  return columns;
}

// Safe to print.
std::string cell(const std::string& name) {
  return name.empty() ? "-" : escaped(name, false);
}

std::string heading_of(Dimension by) {
  switch (by) {
    case Dimension::model:
      return "MODEL";
    case Dimension::session:
      return "SESSION";
    case Dimension::endpoint:
      return "ENDPOINT";
    case Dimension::day:
      return "DAY";
    case Dimension::none:
      break;
  }
  return "";
}

void display_groups(const Summary& summary, Output& out, std::size_t columns) {
  std::vector<Column> shown = columns_about(summary);
  std::size_t name_width = heading_of(summary.by).size();
  for (const Group& group : summary.groups) name_width = std::max(name_width, columns_of(cell(group.name)));
  name_width = std::min(name_width, std::max<std::size_t>(12, columns / 3));
  std::vector<std::size_t> widths;
  std::size_t used = name_width;
  for (const Column& column : shown) {
    std::size_t width = column.heading.size();
    for (const Group& group : summary.groups) width = std::max(width, column.value(group).size());
    if (used + 2 + width > columns) break;
    used += 2 + width;
    widths.push_back(width);
  }
  shown.resize(widths.size());
  const std::size_t left = columns > used + 2 ? std::min(columns - used - 2, kLongestBar) : 0;
  const auto line_of = [&](const std::string& name, const auto& value_of) {
    std::string line = name + std::string(name_width - columns_of(name), ' ');
    for (std::size_t i = 0; i < shown.size(); ++i) line += fmt::format("  {:>{}}", value_of(shown[i]), widths[i]);
    return line;
  };
  out.line(line_of(heading_of(summary.by), [](const Column& column) { return column.heading; }), Style::bold);
  for (const Group& group : summary.groups) {
    out.print(line_of(fitted_in_the_middle(cell(group.name), name_width),
                      [&](const Column& column) { return column.value(group); }));
    out.line(left < kShortestBar ? "" : "  " + bar(group.rate().value_or(0), left), Style::green);
  }
}

}  // namespace

void display(const lc::StoreSize& entries, Output& out, std::size_t columns) {
  display_lines({{"", "entries", std::to_string(entries.values)}, {"", "bytes", format_size(entries.bytes)}}, out,
                columns);
}

void display(const Summary& summary, Output& out, std::size_t columns) {
  if (summary.by == Dimension::none) return display_lines(lines_of(summary), out, columns);
  if (out.is_terminal()) return display_groups(summary, out, columns);
  for (const Group& group : summary.groups) {
    std::string line = cell(group.name);
    for (const Column& column : columns_about(summary)) line += "\t" + column.value(group);
    out.line(line);
  }
}

}  // namespace llmcache
