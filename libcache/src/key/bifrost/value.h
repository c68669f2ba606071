// A request as Go represents it after decoding.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "key/bifrost/types.h"
#include "text/json/document.h"

namespace libcache::internal::bifrost {

// A value of some Type. Refers to the nodes of the document that it was decoded from.
struct Value {
  // The node that was decoded last; nullptr: the value is absent (Go's zero value or nil). either: the string, or the
  // null that is read as "". list elements: may be a null that left them absent.
  const JsonNode* node = nullptr;
  // record: one for each field, or none. list: the elements, followed by those of longer lists that this one
  // replaced, which Go reuses. map: the objects that were merged, in order. either: its element, if that is not a
  // string.
  std::vector<Value> parts;
  std::size_t size = 0;  // list: how many elements count

  bool is_absent() const { return node == nullptr && parts.empty(); }
};

// Whether Go's `omitempty` leaves the value out.
bool is_empty(const Type& type, const Value& value);

// A field that the record has.
const Field& field_named(const Type& record, std::string_view name);

// The value of that field.
Value& field(const Type& record, Value& value, std::string_view name);

// The text of a string; empty if it is absent.
std::string text_of(const Value& string);

}  // namespace libcache::internal::bifrost
