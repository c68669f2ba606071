// Reading a few values out of a parsed document, whatever it turns out to be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "text/json/document.h"

namespace libcache::internal {

// A value of a document, or nothing: what is not there, what is null and what is looked for in something that cannot
// have it are all nothing. A view; the document must outlive it.
class JsonValue {
 public:
  JsonValue() = default;
  explicit JsonValue(const JsonDocument& document) : JsonValue(document, document.root()) {}

  explicit operator bool() const { return node_ != nullptr; }
  bool is(JsonKind kind) const { return node_ != nullptr && node_->kind == kind; }

  // An object's member.
  JsonValue operator[](std::string_view name) const {
    const JsonNode* const member = is(JsonKind::object) ? document_->find(*node_, name) : nullptr;
    return member != nullptr ? JsonValue(*document_, *member) : JsonValue();
  }
  // Calls `visit` with each element of an array.
  template <class Visit>
  void each(Visit visit) const {
    if (!is(JsonKind::array)) return;
    const std::uint32_t array = document_->index_of(*node_);
    for (std::uint32_t index = array + 1; index < node_->end; index = document_->node(index).end) {
      visit(JsonValue(*document_, document_->node(index)));
    }
  }
  // A string's value; of anything else the empty string.
  std::string text() const {
    std::string scratch;
    return is(JsonKind::string) ? std::string(JsonDocument::unescape(*node_, scratch)) : scratch;
  }
  // A number that is written as an integer of 64 bits.
  std::optional<std::int64_t> integer() const;

 private:
  JsonValue(const JsonDocument& document, const JsonNode& node)
      : document_(&document), node_(node.kind == JsonKind::null ? nullptr : &node) {}

  const JsonDocument* document_ = nullptr;
  const JsonNode* node_ = nullptr;
};

}  // namespace libcache::internal
