// Cloudflare Workers AI.
#include "answer/protocol.h"

namespace libcache::internal::workers_ai {

namespace {

// A response with nothing else: many APIs, and models themselves, write JSON with a response. A token that is a number is
// sent as one.
bool is_response(const AnswerEvent& event) {
  constexpr std::string_view kMembers[] = {"p", "response", "tool_calls", "usage"};
  const JsonValue response = event.json["response"];
  const bool is_text = event.json.has("response") && !response.is(JsonKind::object) && !response.is(JsonKind::array);
  return is_text && has_only(event.json, kMembers);
}

bool is_body(const AnswerEvent& event) {
  const JsonValue result = event.json["result"];
  const bool has_envelope = event.json["success"].is_bool() && (result.has("response") || result["choices"]);
  return has_envelope || (event.form == EventForm::value && is_response(event));
}

bool matches(const AnswerEvent& event) {
  return is_body(event) || (event.form == EventForm::sse && is_response(event));
}

std::string missing(const Findings& findings) {
  return findings.done_marker ? "" : "the stream ended without data: [DONE]";
}

constexpr Rule kRules[] = {{"success", "false", Effect::fails}};
constexpr Path kModels[] = {"result.model"};
constexpr Path kUsages[] = {"result.usage"};
constexpr TextRule kTexts[] = {
    {"response"},
    {"choices[0].delta.content"},
    {"result.response", Piece::whole},
    {"result.choices[0].message.content", Piece::whole},
};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "data: [DONE]",
    .matches = matches,
    .rules = kRules,
    .models = kModels,
    .usages = kUsages,
    .texts = kTexts,
    .missing = missing,
    .is_body = is_body,
};

}  // namespace libcache::internal::workers_ai
