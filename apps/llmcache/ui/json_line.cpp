#include "ui/json_line.h"

#include <fmt/format.h>

namespace llmcache {

std::string json_line(std::string_view name, const nlohmann::ordered_json& members) {
  nlohmann::ordered_json object{{"schema", fmt::format("llmcache.{}/1", name)}};
  object.update(members);
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace llmcache
