// llama.cpp's /completion.
#include <utility>

#include "answer/protocol.h"

namespace libcache::internal::llama_cpp {

namespace {

bool matches(const AnswerEvent& event) {
  const JsonValue json = event.json;
  if (!json["stop"].is_bool() || !json["content"].is(JsonKind::string)) return false;
  // Old servers send nothing else in a stream; a body with these two could be a model's own JSON.
  return event.form == EventForm::sse || json.has("tokens") || json.has("tokens_predicted") || json.has("id_slot") ||
         json.has("slot_id") || json.has("multimodal") || json.has("index");
}

// In older versions each reason is a member of its own.
void read(const AnswerEvent& event, Findings& findings) {
  if (!event.json["stop"].is(JsonKind::true_)) return;
  findings.add_finish_reason(event.json["stop_type"].text());
  for (const auto& [member, reason] :
       {std::pair("stopped_limit", "limit"), std::pair("stopped_eos", "eos"), std::pair("stopped_word", "word")}) {
    if (event.json[member].is(JsonKind::true_)) findings.add_finish_reason(reason);
  }
}

constexpr Rule kRules[] = {{"stop", "false", Effect::goes_on}, {"stop", "true", Effect::ends}};
constexpr Path kUsages[] = {""};
constexpr TextRule kTexts[] = {{"content"}};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "\"stop\": true",
    .matches = matches,
    .rules = kRules,
    .usages = kUsages,
    .texts = kTexts,
    .read = read,
};

}  // namespace libcache::internal::llama_cpp
