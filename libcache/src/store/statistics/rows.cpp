#include "store/statistics/rows.h"

#include <algorithm>
#include <utility>

#include "text/integer.h"
#include "text/json/canonical.h"
#include "text/json/value.h"

namespace libcache::internal {

namespace {

constexpr std::string_view kOthers = "(others)";

void add(StatisticsRow::Counts& sums, const StatisticsRow::Counts& counts) {
  for (const auto& [name, count] : counts) sums[name] += count;
}

}  // namespace

std::string text_of(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  std::string text = "0000-00-00";
  const auto write = [&](unsigned number, std::size_t last, int digits) {
    for (; digits > 0; --digits, number /= 10) text[last--] = static_cast<char>('0' + number % 10);
  };
  write(static_cast<unsigned>(static_cast<int>(date.year())), 3, 4);
  write(static_cast<unsigned>(date.month()), 6, 2);
  write(static_cast<unsigned>(date.day()), 9, 2);
  return text;
}

std::optional<std::chrono::sys_days> day_in(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto number = [&](std::size_t from, std::size_t to) {
    return parse_integer<unsigned>(text.substr(from, to - from)).value_or(0);
  };
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(number(0, 4))),
                                         std::chrono::month(number(5, 7)), std::chrono::day(number(8, 10)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

void RowSums::limit(std::chrono::sys_days oldest, std::size_t most) {
  sums_.erase(sums_.begin(), sums_.lower_bound({oldest, "", "", ""}));
  for (auto row = sums_.begin(); row != sums_.end() && sums_.size() > most;) {
    const auto day = std::get<0>(row->first);
    StatisticsRow::Counts all;
    for (; row != sums_.end() && std::get<0>(row->first) == day; row = sums_.erase(row)) add(all, row->second);
    const std::string others(kOthers);
    sums_[{day, others, others, others}] = std::move(all);
  }
}

std::vector<StatisticsRow> RowSums::rows_since(std::chrono::sys_days since) && {
  std::vector<StatisticsRow> rows;
  for (auto sum = sums_.lower_bound({since, "", "", ""}); sum != sums_.end(); ++sum) {
    const auto& [day, model, session, endpoint] = sum->first;
    rows.push_back({day, model, session, endpoint, std::move(sum->second)});
  }
  return rows;
}

// By hand, because a hit of a short process waits for it.
std::string line_of(const StatisticsRow& row) {
  std::string line = R"({"day":")" + text_of(row.day) + '"';
  const auto add_name = [&](std::string_view name) {
    line += ",\"";
    line += name;
    line += "\":";
  };
  const auto add_text = [&](std::string_view name, std::string_view text) {
    if (text.empty()) return;
    add_name(name);
    append_canonical_string(line, text);
  };
  add_text("model", row.model);
  add_text("session", row.session);
  add_text("endpoint", row.endpoint);
  for (const auto& [name, count] : row.counts) {
    add_name(name);
    line += std::to_string(count);
  }
  return line + "}\n";
}

void RowLines::add_to(RowSums& sums, std::string_view lines) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    add_line(sums, lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

void RowLines::add_line(RowSums& sums, std::string_view line) {
  if (line.empty() || !document_.parse(line, JsonRules::lenient)) return;
  const JsonValue row(document_);
  const auto day = day_in(row["day"].text());
  if (!day) return;
  auto& counts = sums.counts_of(*day, row["model"].text(), row["session"].text(), row["endpoint"].text());
  row.each_member([&](std::string_view name, const JsonValue& value) {
    const auto count = value.integer();
    if (!count || *count < 0) return;
    const auto sum = counts.find(name);
    if (sum != counts.end()) {
      sum->second += static_cast<std::uint64_t>(*count);
    } else {
      counts.emplace(name, static_cast<std::uint64_t>(*count));
    }
  });
}

}  // namespace libcache::internal
