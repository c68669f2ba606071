#include "store/redis/statistics.h"

#include <algorithm>
#include <utility>

#include "store/statistics/rows.h"
#include "text/integer.h"
#include "text/json/canonical.h"
#include "text/json/value.h"

namespace libcache::internal::redis {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

// ["hits","model","session","endpoint"]
std::string field_of(const StatisticsRow& row, const std::string& counter) {
  std::string field;
  for (const std::string_view part : {std::string_view(counter), std::string_view(row.model),
                                      std::string_view(row.session), std::string_view(row.endpoint)}) {
    field += field.empty() ? '[' : ',';
    append_canonical_string(field, part);
  }
  return field + ']';
}

void add_field(RowSums& sums, sys_days day, std::string_view field, std::string_view value) {
  thread_local JsonDocument document;  // parsing without allocations
  if (!document.parse(field, JsonRules::lenient)) return;
  std::vector<std::string> parts;
  JsonValue(document).each([&](const JsonValue& part) {
    if (part.is(JsonKind::string)) parts.push_back(part.text());
  });
  if (parts.size() != 4) return;
  sums.counts_of(day, parts[1], parts[2], parts[3])[parts[0]] += parse_integer<std::uint64_t>(value).value_or(0);
}

}  // namespace

std::string statistics_name(std::string_view prefix, sys_days day, unsigned part) {
  const std::string name = std::string(prefix) + "llmcache_statistics:" + text_of(day);
  return part == 0 ? name : name + "_" + std::to_string(part);
}

std::optional<std::string> SharedStatistics::connected_name(std::string_view prefix, sys_days day) {
  for (unsigned part = 0; part < parts_; ++part) {
    std::string name = statistics_name(prefix, day, part);
    if (client_.is_connected(name)) return name;
  }
  return std::nullopt;
}

bool SharedStatistics::add(std::string_view prefix, std::span<const StatisticsRow> rows, Deadline) {
  if (!writes_) return true;
  bool added = false;
  const std::string lifetime = std::to_string(Milliseconds(kStatisticsAge).count());
  for (auto row = rows.begin(); row != rows.end();) {
    const auto day = row->day;
    std::vector<std::pair<std::string, std::string>> additions;
    for (; row != rows.end() && row->day == day; ++row) {
      for (const auto& [counter, count] : row->counts) {
        additions.emplace_back(field_of(*row, counter), std::to_string(count));
      }
    }
    const auto name = connected_name(prefix, day);
    if (!name) continue;
    std::vector<Command> commands;
    for (const auto& [field, count] : additions) commands.push_back({"HINCRBY", *name, field, count});
    commands.push_back({"PEXPIRE", *name, lifetime});
    added |= client_.post(commands);
  }
  return added;
}

// Until tomorrow, because of machines whose clocks differ.
std::vector<SharedStatistics::Name> SharedStatistics::names_since(std::string_view prefix, sys_days since) const {
  const auto today = std::chrono::floor<days>(clock_());
  std::vector<Name> names;
  for (auto day = std::max(since, today - kStatisticsAge); day <= today + days(1); day += days(1)) {
    for (unsigned part = 0; part < parts_; ++part) names.push_back({day, statistics_name(prefix, day, part)});
  }
  return names;
}

Result<std::vector<StatisticsRow>> SharedStatistics::read(std::string_view prefix, sys_days since, Deadline deadline) {
  const auto names = names_since(prefix, since);
  std::vector<Command> commands;
  for (const Name& name : names) commands.push_back({"HGETALL", name.name});
  const auto replies = client_.read_all(commands, deadline);
  if (!replies) return fail(replies.error());
  RowSums sums;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& fields = (*replies)[i].elements;
    for (std::size_t at = 0; at + 1 < fields.size(); at += 2) {
      add_field(sums, names[i].day, fields[at].text, fields[at + 1].text);
    }
  }
  return std::move(sums).rows_since(since);
}

Status SharedStatistics::reset(std::string_view prefix, Deadline deadline) {
  if (!writes_) return fail(ErrorCode::refused, "the store was opened read-only (read_only=1)");
  const auto names = names_since(prefix, {});
  std::vector<Command> commands;
  for (const Name& name : names) commands.push_back({"UNLINK", name.name});
  return client_.run_all(commands, Repeat::allowed, deadline).map([](const auto&) {});
}

}  // namespace libcache::internal::redis
