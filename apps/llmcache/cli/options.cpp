#include "cli/options.h"

#include <algorithm>

#include "config/values.h"
#include "failure.h"

namespace llmcache {

std::vector<std::string> Option::flags() const {
  return is_positional() ? std::vector<std::string>() : split(names, ',');
}

bool Option::has_flag(std::string_view flag) const {
  if (is_positional()) return false;
  for (std::string_view rest = names; !rest.empty();) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    if (rest.substr(0, end) == flag) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

void Option::assign(const std::string& value) const {
  if (auto* const* flag = std::get_if<bool*>(&target)) {
    **flag = true;
  } else if (auto* const* text = std::get_if<std::string*>(&target)) {
    **text = value;
  } else if (auto* const* maybe = std::get_if<std::optional<std::string>*>(&target)) {
    **maybe = value;
  } else if (auto* const* list = std::get_if<std::vector<std::string>*>(&target)) {
    (*list)->push_back(value);
  }
}

void at_most_one(const std::vector<std::pair<const char*, bool>>& given) {
  const char* first = nullptr;
  for (const auto& [name, is_given] : given) {
    if (is_given && first != nullptr) usage_error(std::string(first) + " and " + name + " cannot be used together");
    if (is_given) first = name;
  }
}

}  // namespace llmcache
