#include "key/bifrost/encode.h"

#include <algorithm>
#include <utility>

#include "key/base64.h"
#include "text/json/tree_writer.h"

namespace libcache::internal::bifrost {

void Encoder::write_fields(const Type& record, const Value& value) {
  static const Value kAbsent;
  for (std::size_t index = 0; index < record.fields.size(); ++index) {
    write_field(record.fields[index], value.parts.empty() ? kAbsent : value.parts[index]);
  }
}

void Encoder::write_field(const Field& field, const Value& value) {
  if (field.when == When::never) return;
  if (field.when == When::if_present && value.is_absent()) return;
  if (field.when == When::if_not_empty && is_empty(*field.type, value)) return;
  append_comma(out_);
  ((out_ += '"') += field.name) += "\":";
  if (field.when == When::nullable && value.is_absent()) {
    out_ += "null";
  } else {
    write_value(*field.type, value);
  }
}

void Encoder::write_value(const Type& type, const Value& value) {
  const std::size_t begin = out_.size();
  switch (type.kind) {
    case Kind::record:
      write_record(type, value);
      break;
    case Kind::list:
      write_list(type, value);
      break;
    case Kind::map:
      return write_map(value);
    case Kind::either:
      return write_either(type, value);
    default:
      write_scalar(type, value.node);
  }
  trace(value.node, begin, type.kind == Kind::any);
}

void Encoder::trace(const JsonNode* node, std::size_t begin, bool whole) {
  if (traces_ != nullptr && node != nullptr) (*traces_)[document_.index_of(*node)] = {begin, out_.size(), true, whole};
}

void Encoder::write_record(const Type& type, const Value& value) {
  out_ += '{';
  write_fields(type, value);
  out_ += '}';
}

void Encoder::write_list(const Type& type, const Value& value) {
  if (value.node == nullptr) {
    out_ += "null";
    return;
  }
  out_ += '[';
  for (std::size_t index = 0; index < value.size; ++index) {
    append_comma(out_);
    write_value(*type.element, value.parts[index]);
  }
  out_ += ']';
}

void Encoder::write_map(const Value& value) {
  std::vector<const JsonNode*> objects;
  for (const Value& part : value.parts) objects.push_back(part.node);
  const std::size_t begin = out_.size();
  append_go_map(out_, document_, objects, minus_zero_);
  for (const JsonNode* object : objects) trace(object, begin, true);
}

void Encoder::write_either(const Type& type, const Value& value) {
  const GoStrings outer = std::exchange(strings_, GoStrings::self_marshaled);
  const std::size_t begin = out_.size();
  if (!value.parts.empty()) {
    write_value(*type.element, value.parts.front());
  } else {
    write_scalar({Kind::string}, value.node);
    trace(value.node, begin, false);
  }
  strings_ = outer;
}

void Encoder::write_scalar(const Type& type, const JsonNode* node) {
  if (node == nullptr || node->kind == JsonKind::null) return write_zero(type);
  switch (type.kind) {
    case Kind::integer:
      out_ += node->token == "-0" ? "0" : node->token;
      break;
    case Kind::boolean:
      out_ += node->token;
      break;
    case Kind::bytes: {
      std::string scratch;
      append_go_string(out_, *normal_base64(JsonDocument::unescape(*node, scratch)), strings_);
      break;
    }
    case Kind::number:
      append_go_float(out_, node->token, minus_zero_);
      break;
    case Kind::any:
      append_go_any(out_, document_, *node, minus_zero_);
      break;
    default:
      append_go_string(out_, *node, strings_);
  }
}

void Encoder::write_zero(const Type& type) {
  switch (type.kind) {
    case Kind::string:
      out_ += "\"\"";
      break;
    case Kind::integer:
    case Kind::number:
      out_ += '0';
      break;
    case Kind::boolean:
      out_ += "false";
      break;
    default:
      out_ += "null";
  }
}

}  // namespace libcache::internal::bifrost
