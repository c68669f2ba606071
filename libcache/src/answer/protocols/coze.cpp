// Coze's chats.
#include "answer/protocol.h"

namespace libcache::internal::coze {

namespace {

bool matches(const AnswerEvent& event) {
  return event.name.starts_with("conversation.chat.") || event.name.starts_with("conversation.message.");
}

constexpr std::string_view kFailed[] = {"failed", "canceled", "cancelled"};

void read(const AnswerEvent& event, Findings& findings) {
  const bool is_chat = event.name.starts_with("conversation.chat.");
  if (is_chat && equals_any(event.json["status"], kFailed)) findings.add_error(event.json["last_error"]);
}

constexpr Rule kRules[] = {
    {"@name", "done", Effect::ends},
    {"@name", "conversation.chat.failed", Effect::fails},
    {"@name", "error", Effect::fails},
};
// A message of any other type is not the answer: a follow-up question, say.
constexpr TextRule kTexts[] = {
    {"content", Piece::delta, "@name", "conversation.message.delta"},
};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "event: done",
    .matches = matches,
    .rules = kRules,
    .texts = kTexts,
    .read = read,
};

}  // namespace libcache::internal::coze
