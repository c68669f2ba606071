#include "cli/options.h"

#include "failure.h"

namespace llmcache {

std::vector<std::string> Option::flags() const {
  std::vector<std::string> flags;
  if (is_positional()) return flags;
  for (std::size_t start = 0; start < names.size();) {
    const std::size_t end = std::min(names.find(',', start), names.size());
    flags.push_back(names.substr(start, end - start));
    start = end + 1;
  }
  return flags;
}

void at_most_one(const std::vector<std::pair<const char*, bool>>& given) {
  const char* first = nullptr;
  for (const auto& [name, is_given] : given) {
    if (is_given && first != nullptr) usage_error(std::string(first) + " and " + name + " exclude each other");
    if (is_given) first = name;
  }
}

}  // namespace llmcache
