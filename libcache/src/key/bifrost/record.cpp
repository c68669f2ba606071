#include "key/bifrost/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "key/base64.h"
#include "key/walk.h"
#include "text/json/tree_writer.h"

namespace libcache::internal::bifrost {

namespace {

using Kind = Type::Kind;

// Whether `name` is `lower` in letters of any case.
bool matches(std::string_view name, std::string_view lower) {
  const auto same = [](char character, char expected) {
    return character == expected || (character >= 'A' && character <= 'Z' && character - 'A' + 'a' == expected);
  };
  return name.size() == lower.size() && std::equal(name.begin(), name.end(), lower.begin(), same);
}

// The JSON pointer to a node: "/params/top_k".
std::string pointer_to(const JsonDocument& document, const JsonNode& node) {
  DocumentWalk walk(document);
  while (walk.next() != &node) {
  }
  return walk.pointer();
}

}  // namespace

const JsonNode* find_member(const JsonDocument& document, const JsonNode& object, std::string_view name) {
  const JsonNode* found = nullptr;
  for (std::uint32_t member = document.index_of(object) + 1; member < object.end; member = document.node(member).end) {
    if (matches(document.node(member).name, name)) found = &document.node(member);
  }
  return found;
}

Status RecordWriter::write_fields(std::span<const Field> all, const JsonNode& object) {
  if (fields(all, &object)) return {};
  return fail(ErrorCode::invalid, std::move(error_));
}

bool RecordWriter::error(const JsonNode& node, std::string_view what) {
  error_ = fmt::format("{}: {}", pointer_to(document_, node), what);
  return false;
}

// The fields of an object, or those of an absent one.
bool RecordWriter::fields(std::span<const Field> fields, const JsonNode* object) {
  std::array<const JsonNode*, kMaxFields> nodes{};
  if (object != nullptr) {
    for (std::uint32_t index = document_.index_of(*object) + 1; index < object->end;
         index = document_.node(index).end) {
      const JsonNode& member = document_.node(index);
      const auto is_its = [&member](const Field& field) { return !field.inlined && matches(member.name, field.key()); };
      const auto found = std::find_if(fields.begin(), fields.end(), is_its);
      if (found != fields.end()) nodes[static_cast<std::size_t>(found - fields.begin())] = &member;
    }
  }
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (!field(fields[index], fields[index].inlined ? object : nodes[index])) return false;
  }
  return true;
}

bool RecordWriter::field(const Field& field, const JsonNode* node) {
  const Type& type = *field.type;
  const bool reads_null = type.kind == Kind::either && field.when == When::nullable;
  if (node != nullptr && node->kind == JsonKind::null && !reads_null) node = nullptr;
  if (node != nullptr && !accepts(type, *node)) return error(*node, "expected " + expectation(type));
  const bool empty = node == nullptr || is_empty(type, *node);
  if (empty && field.required) {
    error_ = fmt::format("{} is missing or empty", field.key());
    return false;
  }
  if (node == nullptr && field.when == When::if_present) return true;
  if (empty && field.when == When::if_not_empty) return true;

  append_comma(out_);
  ((out_ += '"') += field.name) += "\":";
  if (field.inlined) return record(type, node);
  if (node != nullptr) return value(type, *node);
  if (field.when == When::always) return zero(type);
  out_ += "null";
  return true;
}

bool RecordWriter::record(const Type& type, const JsonNode* object) {
  out_ += '{';
  if (!fields(type.fields, object)) return false;
  out_ += '}';
  return true;
}

bool RecordWriter::value(const Type& type, const JsonNode& node) {
  const std::size_t begin = out_.size();
  if (!untraced(type, node)) return false;
  if (traces_ != nullptr) {
    const bool free = type.kind == Kind::any || type.kind == Kind::map;
    (*traces_)[document_.index_of(node)] = {begin, out_.size(), true, free};
  }
  return true;
}

bool RecordWriter::untraced(const Type& type, const JsonNode& node) {
  if (node.kind == JsonKind::null && type.kind != Kind::either && type.kind != Kind::any) return zero(type);
  switch (type.kind) {
    case Kind::string:
      append_go_string(out_, node, strings_);
      return true;
    case Kind::integer:
      return integer(node);
    case Kind::number:
      append_go_float(out_, node.token);
      return true;
    case Kind::boolean:
      out_ += node.token;
      return true;
    case Kind::bytes:
      return bytes(node);
    case Kind::any:
    case Kind::map:
      append_go_any(out_, document_, node);
      return true;
    case Kind::list:
      return list(type, node);
    case Kind::single:
      out_ += '[';
      append_go_string(out_, node, strings_);
      out_ += ']';
      return true;
    case Kind::record:
      return record(type, &node);
    case Kind::either:
      return either(type, node);
  }
  return false;
}

bool RecordWriter::integer(const JsonNode& node) {
  std::int64_t number = 0;
  const char* const end = node.token.data() + node.token.size();
  if (std::from_chars(node.token.data(), end, number).ec != std::errc()) return error(node, "beyond 64 bits");
  out_ += node.token == "-0" ? "0" : node.token;
  return true;
}

bool RecordWriter::bytes(const JsonNode& node) {
  std::string scratch;
  const auto normal = normal_base64(JsonDocument::unescape(node, scratch));
  if (!normal) return error(node, "expected base64");
  append_go_string(out_, *normal, strings_);
  return true;
}

bool RecordWriter::list(const Type& type, const JsonNode& node) {
  if (node.count == 0 && type.null_if_empty) {
    out_ += "null";
    return true;
  }
  out_ += '[';
  for (std::uint32_t index = document_.index_of(node) + 1; index < node.end; index = document_.node(index).end) {
    const JsonNode& element = document_.node(index);
    append_comma(out_);
    if (element.kind != JsonKind::null && !accepts(*type.element, element)) {
      return error(element, "expected " + expectation(*type.element));
    }
    if (!value(*type.element, element)) return false;
  }
  out_ += ']';
  return true;
}

bool RecordWriter::either(const Type& type, const JsonNode& node) {
  if (node.kind == JsonKind::null) {
    out_ += "\"\"";
    return true;
  }
  const GoStrings outer = std::exchange(strings_, GoStrings::self_marshaled);
  bool written = true;
  if (node.kind == JsonKind::string) {
    append_go_string(out_, node, strings_);
  } else {
    written = untraced(*type.element, node);
  }
  strings_ = outer;
  return written;
}

// What Go makes of an absent value.
bool RecordWriter::zero(const Type& type) {
  switch (type.kind) {
    case Kind::string:
      out_ += "\"\"";
      return true;
    case Kind::integer:
    case Kind::number:
      out_ += '0';
      return true;
    case Kind::boolean:
      out_ += "false";
      return true;
    case Kind::record:
      return record(type, nullptr);
    default:
      out_ += "null";
      return true;
  }
}

}  // namespace libcache::internal::bifrost
