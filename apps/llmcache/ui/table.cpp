#include "ui/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "ui/terminal.h"

namespace llmcache {

namespace {

std::string aligned(const std::vector<std::string>& row, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    line += row[i];
    if (i + 1 < row.size()) line.append(widths[i] - columns_of(row[i]) + 2, ' ');
  }
  return line;
}

}  // namespace

void Table::print(Output& out) const {
  if (!out.is_terminal()) {
    for (const auto& row : rows_) out.line(fmt::format("{}", fmt::join(row, "\t")));
    return;
  }
  std::vector<std::size_t> widths;
  for (const auto& heading : headings_) widths.push_back(columns_of(heading));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  out.line(aligned(headings_, widths), Style::bold);
  for (const auto& row : rows_) out.line(aligned(row, widths));
}

}  // namespace llmcache
