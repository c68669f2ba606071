#include "store/redis/routing/route.h"

#include <algorithm>

namespace libcache::internal::redis {

std::string_view key_of(const Command& command) {
  const auto streams = command.front() == "XREAD" ? std::ranges::find(command, "STREAMS") : command.begin();
  return streams[1];
}

}  // namespace libcache::internal::redis
