// Cloudflare Workers AI.
#include "answer/protocol.h"
#include "answer/shapes/general.h"

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

// That of all of Cloudflare's APIs. A model that grades may write a number of errors.
bool has_envelope(JsonValue json) {
  const JsonValue errors = json["errors"];
  const bool has_errors = json.has("errors") && (!errors || errors.is(JsonKind::array));
  return json["success"].is_bool() && has_errors && json.has("result");
}

bool is_body(const AnswerEvent& event) {
  if (event.form == EventForm::value && is_response(event)) return true;
  const JsonValue success = event.json["success"];
  const JsonValue result = event.json["result"];
  if (success.is_bool() && (result.has("response") || result["choices"])) return true;
  return has_envelope(event.json) && (success.is(JsonKind::false_) || result["text"].is(JsonKind::string));
}

bool matches(const AnswerEvent& event) {
  return is_body(event) || (event.form == EventForm::sse && is_response(event));
}

// Many models answer in OpenAI's protocols.
JsonValue wrapped(const AnswerEvent& event) {
  const JsonValue json = event.json;
  if (!has_envelope(json) || !json["success"].is(JsonKind::true_)) return {};
  const bool is_error = judge_shape(json, Position::known_protocol, false).completeness == Completeness::error;
  return is_error ? JsonValue() : json["result"];
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
    {"result.text", Piece::whole},
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
    .wrapped = wrapped,
};

}  // namespace libcache::internal::workers_ai
