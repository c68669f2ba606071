// Text Generation Inference: generate_stream and generate.
#include "answer/protocol.h"

namespace libcache::internal::tgi {

namespace {

bool is_body(const AnswerEvent& event) {
  const JsonValue json = event.json;
  return json["generated_text"].is(JsonKind::string) && !json["token"] && (json["details"] || json.size() == 1);
}

bool matches(const AnswerEvent& event) {
  return (event.json["token"].is(JsonKind::object) && event.json.has("generated_text")) || is_body(event);
}

constexpr Rule kRules[] = {{"generated_text", "*", Effect::ends}};
constexpr Path kUsages[] = {"details"};
constexpr Path kFinishReasons[] = {"details.finish_reason"};
constexpr TextRule kTexts[] = {
    {"token.text", Piece::delta, "token.special", "false"},
    {"generated_text", Piece::whole},
};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "a generated_text",
    .matches = matches,
    .rules = kRules,
    .usages = kUsages,
    .finish_reasons = kFinishReasons,
    .texts = kTexts,
    .is_body = is_body,
};

}  // namespace libcache::internal::tgi
