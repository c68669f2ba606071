#include "run/line_result.h"

#include "ui/json_line.h"

namespace llmcache {

namespace {

Json answer_of(const LineResult& result) {
  if (result.has_failed() && result.answer.empty()) return Json::raw("null");
  return Json::value_or_text(result.answer);
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
