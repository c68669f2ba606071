// OpenAI's streams of images, speech and transcriptions.
#include "answer/protocol.h"

namespace libcache::internal::openai_media {

namespace {

constexpr std::string_view kTypes[] = {"image_generation.", "image_edit.", "speech.audio.", "transcript.text."};

bool matches(const AnswerEvent& event) {
  return begins_with_any(event.json["type"], kTypes);
}

constexpr Rule kRules[] = {
    {"type", "image_generation.completed", Effect::ends},
    {"type", "image_edit.completed", Effect::ends},
    {"type", "speech.audio.done", Effect::ends},
    {"type", "transcript.text.done", Effect::ends},
};
constexpr TextRule kTexts[] = {
    {"delta", Piece::delta, "type", "transcript.text.delta"},
    {"text", Piece::whole, "type", "transcript.text.done"},
};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "an event that completes it",
    .matches = matches,
    .rules = kRules,
    .texts = kTexts,
};

}  // namespace libcache::internal::openai_media
