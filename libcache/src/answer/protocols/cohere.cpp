// Cohere's chat, versions 1 and 2, and its older API `generate`.
#include "answer/protocol.h"

namespace libcache::internal::cohere {

namespace {

constexpr std::string_view kEvents[] = {"stream-start",     "text-generation",     "search-queries-generation",
                                        "search-results",   "citation-generation", "tool-calls-generation",
                                        "tool-calls-chunk", "stream-end"};

bool has_generation(const JsonValue& json) {
  bool found = false;
  json["generations"].each([&](const JsonValue& generation) {
    found = found || (generation["text"].is(JsonKind::string) && generation["finish_reason"].is(JsonKind::string));
  });
  return found;
}

bool is_body(const AnswerEvent& event) {
  const JsonValue json = event.json;
  const bool is_chat = json["generation_id"] && json["response_id"] && json["text"].is(JsonKind::string);
  return is_chat || has_generation(json);
}

bool matches(const AnswerEvent& event) {
  return event.json["is_finished"].is_bool() || equals_any(event.json["event_type"], kEvents) || is_body(event);
}

void read(const AnswerEvent& event, Findings& findings) {
  event.json["generations"].each(
      [&](const JsonValue& generation) { findings.add_finish_reason(generation["finish_reason"].text()); });
}

constexpr Rule kRules[] = {
    {"is_finished", "true", Effect::ends},
    {"event_type", "stream-end", Effect::ends},
};
// What was billed may be less than what was used, which counts.
constexpr Path kUsages[] = {"response.meta.billed_units", "response.meta.tokens", "meta.billed_units", "meta.tokens"};
constexpr Path kFinishReasons[] = {"finish_reason", "response.finish_reason"};
constexpr TextRule kTexts[] = {
    {"text", Piece::delta, "event_type", "text-generation"},
    {"text", Piece::delta, "is_finished", "false"},
    {"response.text", Piece::whole},
    {"text", Piece::whole, "generation_id", ""},
    {"generations[].text", Piece::whole},
};

constexpr std::string_view kTypes[] = {"message-start",   "content-start",   "content-delta",   "content-end",
                                       "tool-plan-delta", "tool-call-start", "tool-call-delta", "tool-call-end",
                                       "citation-start",  "citation-end",    "message-end"};

bool is_body_v2(const AnswerEvent& event) {
  const JsonValue json = event.json;
  return json["message"]["role"] && json["finish_reason"] && json["id"] && !json["choices"];
}

bool matches_v2(const AnswerEvent& event) {
  return equals_any(event.json["type"], kTypes) || is_body_v2(event);
}

constexpr Rule kRulesV2[] = {
    {"type", "message-end", Effect::ends},
    {"delta.error", "*", Effect::fails},
};
constexpr Path kUsagesV2[] = {"delta.usage.billed_units", "delta.usage.tokens", "usage.billed_units", "usage.tokens"};
constexpr Path kFinishReasonsV2[] = {"delta.finish_reason", "finish_reason"};
constexpr TextRule kTextsV2[] = {
    {"delta.message.content.text", Piece::delta, "type", "content-"},
    {"message.content", Piece::whole},
};

}  // namespace

extern const Protocol kChat;
const Protocol kChat = {
    .end = "stream-end",
    .matches = matches,
    .rules = kRules,
    .usages = kUsages,
    .finish_reasons = kFinishReasons,
    .texts = kTexts,
    .read = read,
    .is_body = is_body,
};

extern const Protocol kChatV2;
const Protocol kChatV2 = {
    .end = "message-end",
    .matches = matches_v2,
    .rules = kRulesV2,
    .usages = kUsagesV2,
    .finish_reasons = kFinishReasonsV2,
    .texts = kTextsV2,
    .is_body = is_body_v2,
};

}  // namespace libcache::internal::cohere
