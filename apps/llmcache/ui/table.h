// A table: aligned under headings on a terminal; elsewhere without headings and separated by tabs.
#pragma once

#include <string>
#include <vector>

#include "ui/output.h"

namespace llmcache {

class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void print(Output& out) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace llmcache
