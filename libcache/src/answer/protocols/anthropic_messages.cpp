// Anthropic's messages, and its older API of completions.
#include "answer/protocol.h"

namespace libcache::internal::anthropic_messages {

namespace {

constexpr std::string_view kTypes[] = {"message_start", "message_delta", "message_stop", "content_block_"};

bool is_body(const AnswerEvent& event) {
  return event.json["type"].equals("message") && (event.json["role"] || event.json["content"]);
}

bool matches(const AnswerEvent& event) {
  return begins_with_any(event.json["type"], kTypes) || is_body(event);
}

constexpr Rule kRules[] = {{"type", "message_start", Effect::goes_on}, {"type", "message_stop", Effect::ends}};
constexpr Path kModels[] = {"message.model"};
constexpr Path kUsages[] = {"message.usage"};
constexpr Path kFinishReasons[] = {"message.stop_reason", "delta.stop_reason", "stop_reason"};
constexpr TextRule kTexts[] = {
    {"delta.text", Piece::delta, "delta.type", "text_delta"},
    {"content_block.text", Piece::delta, "content_block.type", "text"},
    {"content", Piece::whole, "type", "message"},
};

bool is_completion(const AnswerEvent& event) {
  return event.json["completion"].is(JsonKind::string) && event.json.has("stop_reason");
}

bool is_completion_body(const AnswerEvent& event) {
  return event.form == EventForm::value && is_completion(event);
}

constexpr Rule kCompletionRules[] = {{"stop_reason", "*", Effect::ends}};
constexpr Path kCompletionFinishReasons[] = {"stop_reason"};
constexpr TextRule kCompletionTexts[] = {{"completion"}};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "message_stop",
    .matches = matches,
    .rules = kRules,
    .models = kModels,
    .usages = kUsages,
    .finish_reasons = kFinishReasons,
    .texts = kTexts,
    .is_body = is_body,
};

extern const Protocol kCompletion;
const Protocol kCompletion = {
    .end = "a stop_reason",
    .matches = is_completion,
    .rules = kCompletionRules,
    .finish_reasons = kCompletionFinishReasons,
    .texts = kCompletionTexts,
    .is_body = is_completion_body,
};

}  // namespace libcache::internal::anthropic_messages
