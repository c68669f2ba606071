#include "key/bifrost/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "key/base64.h"
#include "key/walk.h"
#include "text/ascii.h"
#include "text/integer.h"
#include "text/json/number.h"

namespace libcache::internal::bifrost {

namespace {

// The JSON pointer to a node: "/params/top_k".
std::string pointer_to(const JsonDocument& document, const JsonNode& node) {
  DocumentWalk walk(document);
  while (walk.next() != &node) {
  }
  return walk.pointer();
}

// Whether a null makes the value absent. It leaves any other value as it is.
bool is_nil_able(const Field& field) {
  const Kind kind = field.type->kind;
  return field.when == When::nullable || field.when == When::if_present || kind == Kind::list || kind == Kind::map ||
         kind == Kind::any || kind == Kind::bytes;
}

bool overflows(const JsonNode& node) {
  return (node.kind == JsonKind::integer || node.kind == JsonKind::decimal) && may_overflow(node.token) &&
         std::isinf(to_double(node.token));
}

}  // namespace

bool matches(std::string_view name, std::string_view lower) {
  return std::ranges::equal(name, lower, {}, [](char character) { return to_lower(character); });
}

Result<Value> Decoder::decode(const Type& record, const JsonNode& object) {
  Value value;
  if (decode_record(record, &object, value)) return value;
  return fail(ErrorCode::invalid, std::move(error_));
}

bool Decoder::error(const JsonNode& node, std::string_view what) {
  error_ = fmt::format("{}: {}", pointer_to(document_, node), what);
  return false;
}

// Notes that a container's contents are decoded into `value`.
void Decoder::enter(const JsonNode& node, Value& value) {
  if (value.node != nullptr) merged_.emplace_back(value.node, &node);
  value.node = &node;
}

// `object` is nullptr for a null element of a list.
bool Decoder::decode_record(const Type& type, const JsonNode* object, Value& value) {
  value.parts.resize(type.fields.size());
  if (object != nullptr) {
    enter(*object, value);
    for (std::uint32_t index = document_.index_of(*object) + 1; index < object->end;
         index = document_.node(index).end) {
      const JsonNode& member = document_.node(index);
      const auto is_its = [&member](const Field& field) { return matches(member.name, field.name); };
      const auto found = std::ranges::find_if(type.fields, is_its);
      if (found == type.fields.end()) continue;
      if (!decode_field(*found, member, value.parts[static_cast<std::size_t>(found - type.fields.begin())]))
        return false;
    }
  }
  for (std::size_t index = 0; index < type.fields.size(); ++index) {
    const Field& field = type.fields[index];
    if (!field.required || !is_empty(*field.type, value.parts[index])) continue;
    error_ = fmt::format("{} is missing or empty", field.name);
    return false;
  }
  return true;
}

bool Decoder::decode_field(const Field& field, const JsonNode& node, Value& value) {
  if (node.kind == JsonKind::null) {
    if (field.type->kind == Kind::either && field.when == When::nullable) {
      value.node = &node;  // read as ""
      return is_one(node, value);
    }
    if (is_nil_able(field)) value = Value();
    return true;
  }
  return decode_value(*field.type, node, value);
}

bool Decoder::decode_value(const Type& type, const JsonNode& node, Value& value) {
  if (!accepts(type, node)) return error(node, "expected " + expectation(type));
  switch (type.kind) {
    case Kind::record:
      return decode_record(type, &node, value);
    case Kind::list:
      return decode_list(type, node, value);
    case Kind::either:
      return decode_either(type, node, value);
    case Kind::map:
      enter(node, value);
      value.parts.push_back({&node, {}, 0});
      return check_numbers(node);
    default:
      value.node = &node;
      return check_scalar(type, node);
  }
}

bool Decoder::decode_list(const Type& type, const JsonNode& node, Value& value) {
  if (node.count == 0) {
    value = {&node, {}, 0};
    return true;
  }
  enter(node, value);
  value.size = node.count;
  if (value.parts.size() < value.size) value.parts.resize(value.size);
  auto part = value.parts.begin();
  for (std::uint32_t index = document_.index_of(node) + 1; index < node.end; index = document_.node(index).end) {
    const JsonNode& element = document_.node(index);
    const bool is_null = element.kind == JsonKind::null;
    if (!is_null && !decode_value(*type.element, element, *part)) return false;
    if (is_null && type.element->kind == Kind::record && !decode_record(*type.element, nullptr, *part)) return false;
    if (is_null && part->node == nullptr) part->node = &element;
    ++part;
  }
  return true;
}

// Go decodes the element on its own, and keeps an earlier string beside it.
bool Decoder::decode_either(const Type& type, const JsonNode& node, Value& value) {
  if (node.kind == JsonKind::string) {
    value.node = &node;
    return is_one(node, value);
  }
  Value element;
  if (!decode_value(*type.element, node, element)) return false;
  if (!type.appends) {
    value.parts.assign(1, std::move(element));
  } else if (value.parts.empty() && element.size > 0) {
    value.parts.push_back(std::move(element));
  } else if (element.size > 0) {
    Value& list = value.parts.front();
    list.parts.insert(list.parts.end(), element.parts.begin(), element.parts.end());
    list.size = list.parts.size();
    enter(node, list);
  }
  return is_one(node, value);
}

// Go does not encode a value that was decoded both as a string and as an element.
bool Decoder::is_one(const JsonNode& node, const Value& either) {
  return either.node == nullptr || either.parts.empty() ||
         error(node, "the member is repeated, as a string and as something else");
}

bool Decoder::check_scalar(const Type& type, const JsonNode& node) {
  if (type.kind == Kind::integer && !parse_integer<std::int64_t>(node.token)) return error(node, "beyond 64 bits");
  if (type.kind == Kind::bytes) {
    std::string scratch;
    if (!normal_base64(JsonDocument::unescape(node, scratch))) return error(node, "expected base64");
  }
  return type.kind != Kind::number && type.kind != Kind::any ? true : check_numbers(node);
}

// Whether each number in `node` is within the range of a float64.
bool Decoder::check_numbers(const JsonNode& node) {
  for (std::uint32_t index = document_.index_of(node); index < node.end; ++index) {
    if (overflows(document_.node(index))) return error(document_.node(index), "beyond the range of a float64");
  }
  return true;
}

}  // namespace libcache::internal::bifrost
