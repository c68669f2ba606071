#include "run/line_result.h"

#include <nlohmann/json.hpp>

#include "ui/json_line.h"

namespace llmcache {

namespace {

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
bool is_json(const std::string& text) {
  if (text.starts_with("\xef\xbb\xbf") || text.find('\0') != std::string::npos) return false;
  return nlohmann::json::accept(text);
}

Json answer_of(const LineResult& result) {
  if (result.has_failed() && result.answer.empty()) return Json::raw("null");
  if (is_json(result.answer)) return Json::raw(without_spaces(result.answer));
  return result.answer;
}

}  // namespace

std::string_view outcome_of(const LineResult& result) {
  if (result.is_invalid()) return "invalid";
  switch (result.asked.outcome) {
    case Asked::Outcome::hit:
      return "hit";
    case Asked::Outcome::stored:
      return "stored";
    case Asked::Outcome::followed:
      return "followed";
    case Asked::Outcome::refused:
      return "refused";
    case Asked::Outcome::failed:
      return "failed";
  }
  return "";
}

std::string to_json_line(const LineResult& result) {
  Json::Members members{{"line", result.number},
                        {"key", result.is_invalid() ? Json::raw("null") : Json(result.key)},
                        {"outcome", outcome_of(result)},
                        {"exit", result.asked.exit},
                        {"answer", answer_of(result)}};
  if (!result.asked.reason.empty()) members.emplace_back("reason", result.asked.reason);
  return json_line("line", members);
}

}  // namespace llmcache
