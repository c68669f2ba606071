// Cloudflare Workers AI.
#include <algorithm>

#include "answer/protocol.h"

namespace libcache::internal {

namespace {

bool is_body(const AnswerEvent& event) {
  return event.json["result"].has("response") && event.json["success"].is_bool();
}

// Only a server-sent event with nothing else in it: many APIs, and models themselves, write JSON with a response. A token
// that is a number is sent as one.
bool is_piece(const AnswerEvent& event) {
  constexpr std::string_view kMembers[] = {"p", "response", "tool_calls", "usage"};
  const JsonValue response = event.json["response"];
  bool fits = event.form == EventForm::sse && event.json.has("response") && !response.is(JsonKind::object) &&
              !response.is(JsonKind::array);
  event.json.each_member(
      [&](std::string_view name, JsonValue) { fits = fits && std::ranges::count(kMembers, name) > 0; });
  return fits;
}

bool matches(const AnswerEvent& event) {
  return is_piece(event) || is_body(event);
}

std::string missing(const Findings& findings) {
  return findings.done_marker ? "" : "the stream ended without data: [DONE]";
}

constexpr Path kUsages[] = {"result.usage"};
constexpr TextRule kTexts[] = {{"response"}, {"choices[0].delta.content"}, {"result.response", Piece::whole}};

}  // namespace

extern const Protocol kWorkersAi;
const Protocol kWorkersAi = {
    .end = "data: [DONE]",
    .matches = matches,
    .usages = kUsages,
    .texts = kTexts,
    .missing = missing,
    .is_body = is_body,
};

}  // namespace libcache::internal
