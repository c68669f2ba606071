// Gemini's generateContent and streamGenerateContent.
#include "answer/protocol.h"

namespace libcache::internal {

namespace {

bool speaks(JsonValue event) {
  return event["candidates"].is(JsonKind::array) || event["usageMetadata"] || event["promptFeedback"];
}

void read(JsonValue event, Progress& progress) {
  Metadata& metadata = progress.metadata;
  progress.set_model(event["modelVersion"]);
  event["candidates"].each([&progress](JsonValue candidate) {
    const JsonValue reason = candidate["finishReason"];
    progress.add_choice(candidate["index"], reason.text() != "FINISH_REASON_UNSPECIFIED" ? reason : JsonValue());
  });
  const JsonValue usage = event["usageMetadata"];
  set_count(metadata.prompt_tokens, usage["promptTokenCount"]);
  set_count(metadata.completion_tokens, usage["candidatesTokenCount"]);
  set_count(metadata.cached_tokens, usage["cachedContentTokenCount"]);
  set_count(metadata.reasoning_tokens, usage["thoughtsTokenCount"]);
  const std::string block = event["promptFeedback"]["blockReason"].text();
  if (block.empty()) return;
  progress.ended = true;
  progress.add_finish_reason(block);
}

// A prompt that was blocked has no candidates.
std::string missing(const Progress& progress) {
  return progress.ended ? "" : progress.describe_open_choice("candidate", "finishReason");
}

// Of the first candidate, without its thoughts.
std::string text(JsonValue event) {
  std::string text;
  event["candidates"].each([&text](JsonValue candidate) {
    if (candidate["index"].integer().value_or(0) != 0) return;
    candidate["content"]["parts"].each([&text](JsonValue part) {
      if (!part["thought"].is(JsonKind::true_)) text += part["text"].text();
    });
  });
  return text;
}

}  // namespace

const Protocol kGemini = {speaks, read, missing, text};

}  // namespace libcache::internal
