// Google's interactions.
#include "answer/protocol.h"

namespace libcache::internal::gemini_interactions {

namespace {

bool is_body(const AnswerEvent& event) {
  return event.json["object"].equals("interaction");
}

bool matches(const AnswerEvent& event) {
  return event.json["event_type"].begins_with("interaction.") || is_body(event);
}

constexpr std::string_view kFailed[] = {"failed", "cancelled", "canceled"};

void read(const AnswerEvent& event, Findings& findings) {
  const JsonValue interaction = is_body(event) ? event.json : event.json["interaction"];
  if (equals_any(interaction["status"], kFailed) || equals_any(event.json["status"], kFailed)) {
    findings.add_error(interaction["error"] ? interaction["error"] : interaction);
  }
  if (is_body(event) && interaction["status"].equals("in_progress")) findings.ended = false;
}

constexpr Rule kRules[] = {
    {"event_type", "interaction.completed", Effect::ends},
    {"event_type", "interaction.complete", Effect::ends},
    {"event_type", "interaction.failed", Effect::fails},
    {"event_type", "interaction.cancelled", Effect::fails},
    {"event_type", "error", Effect::fails},
};
constexpr Path kModels[] = {"interaction.model"};
constexpr Path kUsages[] = {"interaction.usage"};
constexpr TextRule kTexts[] = {
    {"delta.text", Piece::delta, "delta.type", "text"},
    {"interaction.outputs[]", Piece::whole},
    {"outputs[]", Piece::whole, "object", "interaction"},
};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "interaction.completed",
    .matches = matches,
    .rules = kRules,
    .models = kModels,
    .usages = kUsages,
    .texts = kTexts,
    .read = read,
    .is_body = is_body,
};

}  // namespace libcache::internal::gemini_interactions
