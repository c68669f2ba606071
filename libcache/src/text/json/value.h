// Reads single values from a parsed document whose structure is unknown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "text/json/document.h"

namespace libcache::internal {

// A value of a document, or nothing: for a member that does not exist, for null, and for a member of a value that is
// not an object. A view; the document must outlive it.
class JsonValue {
 public:
  JsonValue() = default;
  explicit JsonValue(const JsonDocument& document) : JsonValue(document, document.root()) {}

  explicit operator bool() const { return node_ != nullptr; }
  bool is(JsonKind kind) const { return node_ != nullptr && node_->kind == kind; }
  bool is_bool() const { return is(JsonKind::true_) || is(JsonKind::false_); }
  // Members or elements of an object or array; otherwise 0.
  std::uint32_t size() const { return node_ != nullptr ? node_->count : 0; }

  // An object's member.
  JsonValue operator[](std::string_view name) const {
    const JsonNode* const member = is(JsonKind::object) ? document_->find(*node_, name) : nullptr;
    return member != nullptr ? JsonValue(*document_, *member) : JsonValue();
  }
  // Whether an object has a member of this name, null or not.
  bool has(std::string_view name) const { return is(JsonKind::object) && document_->find(*node_, name) != nullptr; }

  // Calls `visit` with each element of an array.
  template <class Visit>
  void each(Visit visit) const {
    if (!is(JsonKind::array)) return;
    const std::uint32_t array = document_->index_of(*node_);
    for (std::uint32_t index = array + 1; index < node_->end; index = document_->node(index).end) {
      visit(JsonValue(*document_, document_->node(index)));
    }
  }
  // Calls `visit` with the name and the value of each member of an object, in the order of the text.
  template <class Visit>
  void each_member(Visit visit) const {
    if (!is(JsonKind::object)) return;
    const std::uint32_t object = document_->index_of(*node_);
    for (std::uint32_t index = object + 1; index < node_->end; index = document_->node(index).end) {
      const JsonNode& member = document_->node(index);
      visit(member.name, JsonValue(*document_, member));
    }
  }

  // A string's value; the empty string for anything else.
  std::string text() const {
    std::string scratch;
    return is(JsonKind::string) ? std::string(JsonDocument::unescape(*node_, scratch)) : scratch;
  }
  // Whether this is a string with this value.
  bool equals(std::string_view value) const;
  // Whether this is a string that starts with this.
  bool begins_with(std::string_view beginning) const;
  // The token of a number or of true or false; otherwise empty.
  std::string_view literal() const;
  // The value of a number that is written as an integer and fits in 64 bits.
  std::optional<std::int64_t> integer() const;
  // Whether this is a number equal to zero, however it is written.
  bool is_zero() const;
  // The value as compact JSON, its members in the order of the text.
  std::string json() const;

 private:
  JsonValue(const JsonDocument& document, const JsonNode& node)
      : document_(&document), node_(node.kind == JsonKind::null ? nullptr : &node) {}

  const JsonDocument* document_ = nullptr;
  const JsonNode* node_ = nullptr;
};

}  // namespace libcache::internal
