// OpenAI's transcriptions and translations of speech that are not streamed.
#include "answer/protocol.h"

namespace libcache::internal::openai_transcription {

namespace {

// With nothing else: models themselves write JSON with a text.
bool is_body(const AnswerEvent& event) {
  constexpr std::string_view kMembers[] = {"text",     "usage",    "task",  "language", "languages",
                                           "duration", "segments", "words", "logprobs", "x_groq"};
  return event.form == EventForm::value && event.json["text"].is(JsonKind::string) && has_only(event.json, kMembers);
}

constexpr TextRule kTexts[] = {{"text"}};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "the end of its JSON",
    .matches = is_body,
    .texts = kTexts,
    .is_body = is_body,
};

}  // namespace libcache::internal::openai_transcription
