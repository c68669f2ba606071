// OpenAI's responses.
#include "answer/protocol.h"

namespace libcache::internal {

namespace {

constexpr std::string_view kEvent = "response.";

bool is_body(JsonValue event) {
  return event["object"].text() == "response";
}

bool speaks(JsonValue event) {
  return event["type"].text().starts_with(kEvent) || is_body(event);
}

// The response that a body is and that the events at its beginning and end hold.
JsonValue response_of(JsonValue event) {
  return is_body(event) ? event : event["response"];
}

void read_usage(JsonValue usage, Metadata& metadata) {
  set_count(metadata.prompt_tokens, usage["input_tokens"]);
  set_count(metadata.completion_tokens, usage["output_tokens"]);
  set_count(metadata.cached_tokens, usage["input_tokens_details"]["cached_tokens"]);
  set_count(metadata.reasoning_tokens, usage["output_tokens_details"]["reasoning_tokens"]);
}

void read(JsonValue event, Progress& progress) {
  const JsonValue response = response_of(event);
  if (!response) return;
  progress.set_model(response["model"]);
  read_usage(response["usage"], progress.metadata);
  const std::string type = event["type"].text();
  const std::string status = type.starts_with(kEvent) ? type.substr(kEvent.size()) : response["status"].text();
  if (status.empty()) return;
  if (status == "failed") progress.add_error(response["error"]);
  progress.ended = status == "completed" || status == "incomplete";
  if (!*progress.ended) return;
  const std::string reason = response["incomplete_details"]["reason"].text();
  progress.add_finish_reason(status == "incomplete" && !reason.empty() ? reason : status);
}

std::string missing(const Progress& progress) {
  return progress.ended.value_or(false) ? "" : "the stream ended without response.completed";
}

std::string text(JsonValue event) {
  const std::string type = event["type"].text();
  if (type == "response.output_text.delta" || type == "response.refusal.delta") return event["delta"].text();
  std::string text;
  if (!is_body(event)) return text;
  event["output"].each([&text](JsonValue item) {
    item["content"].each([&text](JsonValue part) { text += part["text"].text() + part["refusal"].text(); });
  });
  return text;
}

}  // namespace

const Protocol kOpenAiResponses = {speaks, read, missing, text};

}  // namespace libcache::internal
