#include "text/json/value.h"

#include <charconv>

namespace libcache::internal {

std::optional<std::int64_t> JsonValue::integer() const {
  if (!is(JsonKind::integer)) return std::nullopt;
  const std::string_view token = node_->token;
  std::int64_t value = 0;
  const auto read = std::from_chars(token.data(), token.data() + token.size(), value);
  if (read.ec != std::errc()) return std::nullopt;
  return value;
}

}  // namespace libcache::internal
