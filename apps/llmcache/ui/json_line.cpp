#include "ui/json_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ui/terminal.h"

namespace llmcache {

namespace {

std::string joined(const Json::Members& members, std::string_view separator, std::string_view colon) {
  std::string text;
  for (const auto& [name, value] : members) {
    if (!text.empty()) text += separator;
    text += Json(name).text();
    text += colon;
    text += value.text();
  }
  return text;
}

}  // namespace

Json::Json(std::string_view text)
    : text_(escaped_json(nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))) {}

Json Json::raw(std::string_view json) {
  Json value;
  value.text_ = escaped_json(json);
  return value;
}

Json Json::value_or_text(std::string_view text) {
  if (!nlohmann::json::accept(text)) return text;
  std::string line(text);
  // In JSON a line's end is white space, never part of a string.
  std::ranges::replace_if(line, [](char character) { return character == '\n' || character == '\r'; }, ' ');
  return raw(line);
}

Json Json::array(const std::vector<Json>& elements) {
  Json list;
  for (const Json& element : elements) {
    if (!list.text_.empty()) list.text_ += ',';
    list.text_ += element.text_;
  }
  list.text_ = "[" + list.text_ + "]";
  return list;
}

Json Json::object(const Members& members) {
  Json object;
  object.text_ = "{" + joined(members, ",", ":") + "}";
  return object;
}

std::string json_line(std::string_view name, const Json::Members& members) {
  Json::Members all{{"schema", fmt::format("llmcache.{}/1", name)}};
  all.insert(all.end(), members.begin(), members.end());
  return Json::object(all).text();
}

std::string json_lines(const Json::Members& members) {
  return members.empty() ? "{}" : "{\n  " + joined(members, ",\n  ", ": ") + "\n}";
}

}  // namespace llmcache
