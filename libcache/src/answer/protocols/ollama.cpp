// Ollama's chat and generate.
#include "answer/protocol.h"

namespace libcache::internal::ollama {

namespace {

bool matches(const AnswerEvent& event) {
  const JsonValue json = event.json;
  return json["done"].is_bool() && (json["model"] || json["message"]["role"] || json["created_at"]);
}

constexpr Rule kRules[] = {{"done", "false", Effect::goes_on}, {"done", "true", Effect::ends}};
constexpr Path kUsages[] = {""};
constexpr Path kFinishReasons[] = {"done_reason"};
constexpr TextRule kTexts[] = {{"message.content"}, {"response"}};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "\"done\": true",
    .matches = matches,
    .rules = kRules,
    .usages = kUsages,
    .finish_reasons = kFinishReasons,
    .texts = kTexts,
};

}  // namespace libcache::internal::ollama
