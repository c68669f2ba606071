#include "text/json/value.h"

#include "text/integer.h"

namespace libcache::internal {

namespace {

void append_string(std::string& out, std::string_view token) {
  out.append("\"").append(token).append("\"");
}

// A name was unescaped by the parser, so it must be escaped again.
void append_name(std::string& out, std::string_view name) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char character : name) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20) {
      out.append("\\u00").append({kHex[byte >> 4], kHex[byte & 15]});
      continue;
    }
    if (character == '"' || character == '\\') out += '\\';
    out += character;
  }
  out += '"';
}

// Parsed documents are no deeper than JsonDocument::kMaxDepth.
void append_json(std::string& out, const JsonDocument& document, const JsonNode& node) {
  if (node.kind == JsonKind::string) return append_string(out, node.token);
  if (node.kind != JsonKind::object && node.kind != JsonKind::array) {
    out += node.token;
    return;
  }
  const bool is_object = node.kind == JsonKind::object;
  out += is_object ? '{' : '[';
  const std::uint32_t first = document.index_of(node) + 1;
  for (std::uint32_t index = first; index < node.end; index = document.node(index).end) {
    if (index != first) out += ',';
    if (is_object) {
      append_name(out, document.node(index).name);
      out += ':';
    }
    append_json(out, document, document.node(index));
  }
  out += is_object ? '}' : ']';
}

}  // namespace

bool JsonValue::equals(std::string_view value) const {
  if (!is(JsonKind::string)) return false;
  return node_->escaped ? text() == value : node_->token == value;
}

bool JsonValue::begins_with(std::string_view beginning) const {
  if (!is(JsonKind::string)) return false;
  return node_->escaped ? text().starts_with(beginning) : node_->token.starts_with(beginning);
}

std::string_view JsonValue::literal() const {
  const bool has_literal = is_bool() || is(JsonKind::integer) || is(JsonKind::decimal);
  return has_literal ? node_->token : std::string_view();
}

std::optional<std::int64_t> JsonValue::integer() const {
  if (!is(JsonKind::integer)) return std::nullopt;
  return parse_integer<std::int64_t>(node_->token);
}

bool JsonValue::is_zero() const {
  const std::string_view token = is(JsonKind::integer) || is(JsonKind::decimal) ? node_->token : std::string_view();
  const std::string_view digits = token.substr(0, token.find_first_of("eE"));
  return !digits.empty() && digits.find_first_not_of("-0.") == std::string_view::npos;
}

std::string JsonValue::json() const {
  std::string out;
  if (node_ != nullptr) append_json(out, *document_, *node_);
  return out;
}

}  // namespace libcache::internal
