#include "ui/table.h"

#include <fmt/format.h>

#include <algorithm>

namespace llmcache {

namespace {

// Counts characters, not bytes: close enough to columns for listings.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string aligned(const std::vector<std::string>& row, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    line += row[i];
    if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
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
  for (const auto& heading : headings_) widths.push_back(width_of(heading));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  out.line(aligned(headings_, widths), Style::bold);
  for (const auto& row : rows_) out.line(aligned(row, widths));
}

}  // namespace llmcache
