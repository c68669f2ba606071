#include "key/bifrost/value.h"

#include <algorithm>

namespace libcache::internal::bifrost {

bool is_empty(const Type& type, const Value& value) {
  switch (type.kind) {
    case Kind::string:
      return value.node == nullptr || value.node->token.empty();
    case Kind::list:
      return value.size == 0;
    case Kind::map:
      return std::none_of(value.parts.begin(), value.parts.end(),
                          [](const Value& part) { return part.node->count > 0; });
    default:
      return value.is_absent();
  }
}

const Field& field_named(const Type& record, std::string_view name) {
  return *std::ranges::find(record.fields, name, &Field::name);
}

Value& field(const Type& record, Value& value, std::string_view name) {
  value.parts.resize(record.fields.size());
  return value.parts[static_cast<std::size_t>(&field_named(record, name) - record.fields.data())];
}

std::string text_of(const Value& string) {
  std::string scratch;
  if (string.node == nullptr || string.node->kind != JsonKind::string) return {};
  return std::string(JsonDocument::unescape(*string.node, scratch));
}

}  // namespace libcache::internal::bifrost
