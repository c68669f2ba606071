// Baidu's ERNIE.
#include "answer/protocol.h"

namespace libcache::internal::ernie {

namespace {

bool matches(const AnswerEvent& event) {
  const JsonValue json = event.json;
  const bool is_chunk = json["is_end"].is_bool() || json.has("need_clear_history") || json.has("sentence_id");
  return json["result"].is(JsonKind::string) && (is_chunk || json["object"].begins_with("chat.completion"));
}

bool is_body(const AnswerEvent& event) {
  return event.form == EventForm::value && !event.json.has("is_end");
}

void read(const AnswerEvent& event, Findings& findings) {
  if (event.json["error_code"].integer().value_or(0) != 0) findings.add_error(event.json);
}

constexpr Rule kRules[] = {{"is_end", "false", Effect::goes_on}, {"is_end", "true", Effect::ends}};
constexpr Path kFinishReasons[] = {"finish_reason"};
constexpr TextRule kTexts[] = {{"result"}};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "\"is_end\": true",
    .matches = matches,
    .rules = kRules,
    .finish_reasons = kFinishReasons,
    .texts = kTexts,
    .read = read,
    .is_body = is_body,
};

}  // namespace libcache::internal::ernie
