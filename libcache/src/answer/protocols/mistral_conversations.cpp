// Mistral's conversations.
#include "answer/protocol.h"

namespace libcache::internal::mistral_conversations {

namespace {

constexpr std::string_view kTypes[] = {"conversation.response.", "message.output.delta", "tool.execution.",
                                       "agent.handoff.", "function.call.delta"};

bool is_body(const AnswerEvent& event) {
  return event.json["object"].equals("conversation.response");
}

bool matches(const AnswerEvent& event) {
  return begins_with_any(event.json["type"], kTypes) || event.name.starts_with("conversation.response.") ||
         is_body(event);
}

void read(const AnswerEvent& event, Findings& findings) {
  event.json["outputs"].each([&](JsonValue output) { findings.set_model(output["model"]); });
}

constexpr Rule kRules[] = {
    {"type", "conversation.response.done", Effect::ends},
    {"@name", "conversation.response.done", Effect::ends},
    {"type", "conversation.response.error", Effect::fails},
    {"@name", "conversation.response.error", Effect::fails},
};
constexpr TextRule kTexts[] = {
    {"content", Piece::delta, "type", "message.output.delta"},
    {"outputs[].content", Piece::whole, "object", "conversation.response"},
};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "conversation.response.done",
    .matches = matches,
    .rules = kRules,
    .texts = kTexts,
    .read = read,
    .is_body = is_body,
};

}  // namespace libcache::internal::mistral_conversations
