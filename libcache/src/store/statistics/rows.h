// Rows of statistics: added up, and as lines of text.
#pragma once

#include <libcache/statistics.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "text/json/document.h"

namespace libcache::internal {

// "2026-11-26"
std::string text_of(std::chrono::sys_days day);
std::optional<std::chrono::sys_days> day_in(std::string_view text);

// Rows by day, model, session and endpoint.
class RowSums {
 public:
  StatisticsRow::Counts& counts_of(std::chrono::sys_days day, std::string model, std::string session,
                                   std::string endpoint) {
    return sums_[{day, std::move(model), std::move(session), std::move(endpoint)}];
  }
  // Drops the rows before `oldest`. If more than `most` are left, those of the oldest days lose all but their day.
  void limit(std::chrono::sys_days oldest, std::size_t most);
  std::vector<StatisticsRow> rows_since(std::chrono::sys_days since) &&;

 private:
  std::map<std::tuple<std::chrono::sys_days, std::string, std::string, std::string>, StatisticsRow::Counts> sums_;
};

// A row as one line, which is a JSON object.
std::string line_of(const StatisticsRow& row);

// Reads such lines. Skips those that are cut off or not understood.
class RowLines {
 public:
  void add_to(RowSums& sums, std::string_view lines);

 private:
  void add_line(RowSums& sums, std::string_view line);
  JsonDocument document_;
};

}  // namespace libcache::internal
