// JSON as the program prints it for other programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace llmcache {

// An object on one line: first "schema", "llmcache.NAME/1", which says what it is, then `members`. What is not UTF-8 in
// it, as a name may not be, is replaced.
std::string json_line(std::string_view name, const nlohmann::ordered_json& members);

}  // namespace llmcache
