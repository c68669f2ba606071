// All protocols, those that are easily mistaken for another first.
#include "answer/protocol.h"

namespace libcache::internal {

// Each file of protocols/ has a namespace of its own, because all give their functions the same names.
namespace ai_sdk {
extern const Protocol kEvents;
extern const Protocol kLines;
}  // namespace ai_sdk
namespace anthropic_messages {
extern const Protocol kCompletion;
extern const Protocol kProtocol;
}  // namespace anthropic_messages
namespace bedrock {
extern const Protocol kConverse;
extern const Protocol kInvoke;
}  // namespace bedrock
namespace cohere {
extern const Protocol kChat;
extern const Protocol kChatV2;
}  // namespace cohere
namespace coze {
extern const Protocol kProtocol;
}
namespace dashscope {
extern const Protocol kProtocol;
}
namespace dify {
extern const Protocol kProtocol;
}
namespace ernie {
extern const Protocol kProtocol;
}
namespace gemini {
extern const Protocol kProtocol;
}
namespace gemini_interactions {
extern const Protocol kProtocol;
}
namespace llama_cpp {
extern const Protocol kProtocol;
}
namespace mistral_conversations {
extern const Protocol kProtocol;
}
namespace ollama {
extern const Protocol kProtocol;
}
namespace openai_assistants {
extern const Protocol kProtocol;
}
namespace openai_chat {
extern const Protocol kProtocol;
}
namespace openai_media {
extern const Protocol kProtocol;
}
namespace openai_responses {
extern const Protocol kProtocol;
}
namespace openai_transcription {
extern const Protocol kProtocol;
}
namespace replicate {
extern const Protocol kProtocol;
}
namespace tgi {
extern const Protocol kProtocol;
}
namespace watsonx {
extern const Protocol kProtocol;
}
namespace workers_ai {
extern const Protocol kProtocol;
}

namespace {

constexpr const Protocol* kProtocols[] = {
    &ai_sdk::kLines,
    &dashscope::kProtocol,
    &watsonx::kProtocol,
    &openai_chat::kProtocol,
    &openai_responses::kProtocol,
    &openai_media::kProtocol,
    &openai_assistants::kProtocol,
    &openai_transcription::kProtocol,
    &mistral_conversations::kProtocol,
    &anthropic_messages::kProtocol,
    &anthropic_messages::kCompletion,
    &gemini_interactions::kProtocol,
    &gemini::kProtocol,
    &ollama::kProtocol,
    &cohere::kChatV2,
    &cohere::kChat,
    &tgi::kProtocol,
    &llama_cpp::kProtocol,
    &ernie::kProtocol,
    &workers_ai::kProtocol,
    &dify::kProtocol,
    &coze::kProtocol,
    &replicate::kProtocol,
    &bedrock::kConverse,
    &ai_sdk::kEvents,
    &bedrock::kInvoke,  // any frame with an event of a model, so last
};

}  // namespace

const Protocol* find_protocol(const AnswerEvent& event) {
  for (const Protocol* const protocol : kProtocols) {
    if (protocol->matches(event)) return protocol;
  }
  return nullptr;
}

AnswerEvent unwrapped(const AnswerEvent& event) {
  if (event.form != EventForm::value) return event;  // envelopes hold whole answers
  for (const Protocol* const protocol : kProtocols) {
    if (protocol->wrapped == nullptr) continue;
    AnswerEvent inner = event;
    inner.json = protocol->wrapped(event);
    if (inner.json && find_protocol(inner) != nullptr) return inner;
  }
  return event;
}

}  // namespace libcache::internal
