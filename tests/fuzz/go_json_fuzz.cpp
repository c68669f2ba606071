// Any JSON text: written as Go writes it, it is JSON with the same value, and writing that again changes nothing.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "text/json/go.h"

using namespace libcache;

using namespace libcache::internal;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::string written(const JsonDocument& document) {
  std::string out;
  append_go_any(out, document, document.root());
  return out;
}

void check_strings(const JsonDocument& document) {
  for (const JsonNode& node : document.nodes()) {
    if (node.kind != JsonKind::string) continue;
    std::string scratch;
    const std::string_view value = JsonDocument::unescape(node, scratch);
    for (const GoStrings mode : {GoStrings::standard, GoStrings::self_marshaled}) {
      std::string from_token;
      append_go_string(from_token, node, mode);
      std::string from_value;
      append_go_string(from_value, value, mode);
      require(from_token == from_value);
      require(nlohmann::json::parse(from_token).get<std::string>() == value);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static JsonDocument document;
  if (!document.parse({reinterpret_cast<const char*>(data), size}, JsonRules::go)) return 0;
  check_strings(document);
  const std::string once = written(document);
  require(nlohmann::json::accept(once));
  require(document.parse(once).has_value());
  require(document.parse(once, JsonRules::go).has_value());
  require(written(document) == once);
  return 0;
}
