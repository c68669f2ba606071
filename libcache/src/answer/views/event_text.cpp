#include <algorithm>

#include "answer/protocol.h"

namespace libcache::internal {

namespace {

// A part of a message: reasoning, tool calls and images are not text.
std::string text_of_part(JsonValue part) {
  if (part.is(JsonKind::string)) return part.text();
  const JsonValue type = part["type"];
  if (type.equals("refusal")) return part["refusal"].text();
  const bool is_text = !type || type.equals("text") || type.equals("output_text");
  if (!is_text || part["thought"].is(JsonKind::true_)) return "";
  const JsonValue text = part["text"];
  return text.is(JsonKind::string) || !text ? text.text() : text.json();
}

bool are_parts(JsonValue array) {
  bool are_parts = true;
  array.each([&](JsonValue one) { are_parts = are_parts && (one.is(JsonKind::object) || one.is(JsonKind::string)); });
  return are_parts;
}

std::string text_of_content(JsonValue content) {
  if (content.is(JsonKind::string)) return content.text();
  if (content.is(JsonKind::object) && content["type"]) return text_of_part(content);
  if (!content.is(JsonKind::array) || !are_parts(content)) return content.json();
  std::string text;
  content.each([&text](JsonValue part) { text += text_of_part(part); });
  return text;
}

void append_text(std::string& text, JsonValue json, Path path);

void append_elements(std::string& text, JsonValue array, bool first_only, Path rest) {
  std::int64_t position = 0;
  array.each([&](JsonValue element) {
    const std::int64_t index = element["index"].integer().value_or(position++);
    if (first_only && index != 0) return;
    rest.empty() ? (void)(text += text_of_part(element)) : append_text(text, element, rest);
  });
}

void append_text(std::string& text, JsonValue json, Path path) {
  const std::size_t bracket = path.find('[');
  if (bracket == Path::npos) {
    text += text_of_content(at_path(json, path));
    return;
  }
  const std::size_t end = path.find(']', bracket) + 1;
  const bool first_only = path[bracket + 1] == '0';
  const Path rest = path.substr(std::min(end + 1, path.size()));
  append_elements(text, at_path(json, path.substr(0, bracket)), first_only, rest);
}

bool applies(const AnswerEvent& event, const TextRule& rule) {
  if (rule.if_path.empty()) return true;
  if (rule.if_path == "@name") return event.name == rule.if_value;
  const JsonValue value = at_path(event.json, rule.if_path);
  return value.is(JsonKind::string) ? value.begins_with(rule.if_value) : value && value.literal() == rule.if_value;
}

}  // namespace

std::string text_of(const AnswerEvent& event, const TextRule& rule) {
  if (!applies(event, rule)) return "";
  if (rule.path == "@data") return std::string(event.data);
  std::string text;
  append_text(text, event.json, rule.path);
  return text;
}

}  // namespace libcache::internal
