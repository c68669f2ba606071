// Any bytes: the parser accepts nothing that another JSON parser rejects, and the document that it builds is consistent.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "text/json/canonical.h"
#include "text/json/document.h"

using namespace libcache;

using namespace libcache::internal;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::string canonical(const JsonDocument& document) {
  std::string out;
  append_canonical(out, document, document.root());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static JsonDocument document;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!document.parse(text)) {
    require(document.nodes().empty());
    return 0;
  }
  require(nlohmann::json::accept(text));
  require(document.root().end == document.nodes().size());
  for (const JsonNode& node : document.nodes()) {
    if (node.kind != JsonKind::object) continue;
    for (const std::uint32_t member : document.sorted_members(node)) {
      const JsonNode& found = document.node(member);
      require(found.in_object && document.find(node, found.name) == &found);
    }
  }
  const std::string once = canonical(document);
  require(document.parse(once).has_value());
  require(canonical(document) == once);
  return 0;
}
