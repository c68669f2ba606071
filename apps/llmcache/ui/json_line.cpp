#include "ui/json_line.h"

#include <fmt/format.h>

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

std::string without_spaces(std::string_view json) {
  std::string dense;
  dense.reserve(json.size());
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\') dense += json[i++];
    const bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (in_string || !is_space) dense += json[i];
  }
  return dense;
}

// The parser would skip a byte order mark, and end at a zero byte.
bool is_json(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf") || text.find('\0') != std::string_view::npos) return false;
  return nlohmann::json::accept(text);
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
  return is_json(text) ? raw(without_spaces(text)) : Json(text);
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
