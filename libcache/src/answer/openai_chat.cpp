// OpenAI's chat and text completions, and what many other providers send in their shape.
#include "answer/protocol.h"

namespace libcache::internal {

namespace {

bool speaks(JsonValue event) {
  return event["choices"].is(JsonKind::array);
}

void read_usage(JsonValue usage, Metadata& metadata) {
  set_count(metadata.prompt_tokens, usage["prompt_tokens"]);
  set_count(metadata.completion_tokens, usage["completion_tokens"]);
  set_count(metadata.cached_tokens, usage["prompt_cache_hit_tokens"]);  // DeepSeek
  set_count(metadata.cached_tokens, usage["prompt_tokens_details"]["cached_tokens"]);
  set_count(metadata.reasoning_tokens, usage["completion_tokens_details"]["reasoning_tokens"]);
}

void read(JsonValue event, Progress& progress) {
  progress.set_model(event["model"]);
  event["choices"].each([&progress](JsonValue choice) {
    progress.add_choice(choice["index"], choice["finish_reason"]);
    if (choice["finish_reason"].text() == "error") progress.add_error(choice["error"]);
  });
  const JsonValue groq = event["x_groq"];
  if (groq["error"]) progress.add_error(groq);
  read_usage(groq["usage"], progress.metadata);
  read_usage(event["usage"], progress.metadata);
}

std::string missing(const Progress& progress) {
  if (std::string open = progress.describe_open_choice("choice", "finish_reason"); !open.empty()) return open;
  return progress.done_marker ? "" : "the stream ended without data: [DONE]";
}

// Of the first choice: a reader wants one answer.
std::string text(JsonValue event) {
  std::string text;
  event["choices"].each([&text](JsonValue choice) {
    if (choice["index"].integer().value_or(0) != 0) return;
    const JsonValue message = choice["delta"] ? choice["delta"] : choice["message"];
    text += text_of(message["content"]) + message["refusal"].text() + choice["text"].text();
  });
  return text;
}

}  // namespace

const Protocol kOpenAiChat = {speaks, read, missing, text};

}  // namespace libcache::internal
