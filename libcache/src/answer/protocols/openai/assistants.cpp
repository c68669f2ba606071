// Runs of OpenAI's assistants.
#include "answer/protocol.h"

namespace libcache::internal::openai_assistants {

namespace {

bool matches(const AnswerEvent& event) {
  return event.json["object"].begins_with("thread.") || event.name.starts_with("thread.");
}

bool is_body(const AnswerEvent& event) {
  return event.form == EventForm::value;
}

constexpr std::string_view kEnded[] = {"completed", "requires_action"};
constexpr std::string_view kFailed[] = {"failed", "cancelled", "expired", "incomplete"};
constexpr std::string_view kRunning[] = {"queued", "in_progress", "cancelling"};

// A stream goes on after its run, up to an event called done.
void read(const AnswerEvent& event, Findings& findings) {
  findings.done_marker = findings.done_marker || event.name == "done";
  if (event.json["object"].equals("thread.run")) {
    const JsonValue status = event.json["status"];
    if (equals_any(status, kEnded)) findings.may_end = true;
    if (equals_any(status, kFailed)) findings.add_error(event.json["last_error"]);
    if (is_body(event) && equals_any(status, kRunning)) findings.ended = false;
  }
  if (findings.may_end && (findings.done_marker || is_body(event))) findings.ended = true;
}

constexpr TextRule kTexts[] = {
    {"delta.content[].text.value", Piece::delta, "object", "thread.message.delta"},
    {"content[].text.value", Piece::whole, "object", "thread.message"},
};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "event: done",
    .matches = matches,
    .texts = kTexts,
    .read = read,
    .is_body = is_body,
};

}  // namespace libcache::internal::openai_assistants
