// All protocols, those that are easily mistaken for another first.
#include "answer/protocol.h"

namespace libcache::internal {

extern const Protocol kAiSdk;
extern const Protocol kAiSdkLines;
extern const Protocol kAnthropicMessages;
extern const Protocol kBedrockConverse;
extern const Protocol kBedrockInvoke;
extern const Protocol kCohereChat;
extern const Protocol kCohereChatV2;
extern const Protocol kCoze;
extern const Protocol kDashScope;
extern const Protocol kDify;
extern const Protocol kErnie;
extern const Protocol kGemini;
extern const Protocol kGeminiInteractions;
extern const Protocol kLlamaCpp;
extern const Protocol kMistralConversations;
extern const Protocol kOllama;
extern const Protocol kOpenAiAssistants;
extern const Protocol kOpenAiChat;
extern const Protocol kOpenAiMedia;
extern const Protocol kOpenAiResponses;
extern const Protocol kReplicate;
extern const Protocol kTgi;
extern const Protocol kWatsonx;
extern const Protocol kWorkersAi;

namespace {

constexpr const Protocol* kProtocols[] = {
    &kAiSdkLines,
    &kDashScope,
    &kWatsonx,
    &kOpenAiChat,
    &kOpenAiResponses,
    &kOpenAiMedia,
    &kOpenAiAssistants,
    &kMistralConversations,
    &kAnthropicMessages,
    &kGeminiInteractions,
    &kGemini,
    &kOllama,
    &kCohereChatV2,
    &kCohereChat,
    &kTgi,
    &kLlamaCpp,
    &kErnie,
    &kWorkersAi,
    &kDify,
    &kCoze,
    &kReplicate,
    &kBedrockConverse,
    &kAiSdk,
    &kBedrockInvoke,  // any frame with an event of a model, so last
};

}  // namespace

const Protocol* find_protocol(const AnswerEvent& event) {
  for (const Protocol* const protocol : kProtocols) {
    if (protocol->matches(event)) return protocol;
  }
  return nullptr;
}

}  // namespace libcache::internal
