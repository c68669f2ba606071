// Dify's chats, completions and workflows.
#include "answer/protocol.h"

namespace libcache::internal::dify {

namespace {

// The blocking answer of a workflow has no event.
bool is_workflow(const AnswerEvent& event) {
  return event.form == EventForm::value && event.json["workflow_run_id"] && event.json["task_id"] &&
         event.json["data"]["status"].is(JsonKind::string);
}

bool matches(const AnswerEvent& event) {
  if (is_workflow(event)) return true;
  const JsonValue json = event.json;
  const bool has_id = json["task_id"] || json["workflow_run_id"] || json["message_id"] || json["conversation_id"];
  return json["event"].is(JsonKind::string) && has_id && !json["event"].equals("error");
}

// The blocking answer also calls itself a message.
bool is_body(const AnswerEvent& event) {
  return event.form == EventForm::value;
}

void read(const AnswerEvent& event, Findings& findings) {
  if (!event.json["event"].equals("workflow_finished") && !is_workflow(event)) return;
  const JsonValue status = event.json["data"]["status"];
  if (status.equals("failed") || status.equals("stopped")) findings.add_error(status.text());
  if (status.equals("running")) findings.ended = false;
}

constexpr Rule kRules[] = {
    {"event", "message_end", Effect::ends},
    {"event", "workflow_finished", Effect::ends},
    {"event", "error", Effect::fails},
};
constexpr Path kUsages[] = {"metadata.usage"};
constexpr TextRule kTexts[] = {
    {"answer", Piece::delta, "event", "message"},
    {"answer", Piece::delta, "event", "agent_message"},
    {"data.text", Piece::delta, "event", "text_chunk"},
    // Not that of a node, which has no workflow_id.
    {"data.outputs.answer", Piece::whole, "data.workflow_id", ""},
    {"data.outputs.answer", Piece::whole, "event", "workflow_finished"},
    {"data.outputs.text", Piece::whole, "data.workflow_id", ""},
    {"data.outputs.text", Piece::whole, "event", "workflow_finished"},
};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "message_end",
    .matches = matches,
    .rules = kRules,
    .usages = kUsages,
    .texts = kTexts,
    .read = read,
    .is_body = is_body,
};

}  // namespace libcache::internal::dify
