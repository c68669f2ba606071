#include "store/redis/server/info.h"

#include <algorithm>

#include "text/integer.h"

namespace libcache::internal::redis {

std::string_view field_of(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    const auto line = info.substr(0, info.find("\r\n"));
    info.remove_prefix(std::min(info.size(), line.size() + 2));
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':') {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

std::uint64_t number_of(std::string_view info, std::string_view name) {
  return parse_integer<std::uint64_t>(field_of(info, name)).value_or(0);
}

}  // namespace libcache::internal::redis
