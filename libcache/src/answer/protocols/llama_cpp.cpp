// llama.cpp's /completion.
#include "answer/protocol.h"

namespace libcache::internal {

namespace {

bool matches(const AnswerEvent& event) {
  const JsonValue json = event.json;
  if (!json["stop"].is_bool() || !json["content"].is(JsonKind::string)) return false;
  // Old servers send nothing else in a stream; a body with these two could be a model's own JSON.
  return event.form == EventForm::sse || json.has("tokens") || json.has("tokens_predicted") || json.has("id_slot") ||
         json.has("slot_id") || json.has("multimodal") || json.has("index");
}

constexpr Rule kRules[] = {{"stop", "false", Effect::goes_on}, {"stop", "true", Effect::ends}};
constexpr Path kUsages[] = {""};
constexpr TextRule kTexts[] = {{"content"}};

}  // namespace

extern const Protocol kLlamaCpp;
const Protocol kLlamaCpp = {
    .end = "\"stop\": true",
    .matches = matches,
    .rules = kRules,
    .usages = kUsages,
    .texts = kTexts,
};

}  // namespace libcache::internal
