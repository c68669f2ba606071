// Anthropic's messages.
#include "answer/protocol.h"

namespace libcache::internal {

namespace {

bool speaks(JsonValue event) {
  const std::string type = event["type"].text();
  return type == "message" || type.starts_with("message_") || type.starts_with("content_block_");
}

void read_usage(JsonValue usage, Metadata& metadata) {
  set_count(metadata.prompt_tokens, usage["input_tokens"]);
  set_count(metadata.completion_tokens, usage["output_tokens"]);
  set_count(metadata.cached_tokens, usage["cache_read_input_tokens"]);
}

void read(JsonValue event, Progress& progress) {
  const std::string type = event["type"].text();
  const JsonValue message = type == "message" ? event : event["message"];
  progress.set_model(message["model"]);
  progress.add_finish_reason(message["stop_reason"].text());
  progress.add_finish_reason(event["delta"]["stop_reason"].text());
  read_usage(message["usage"], progress.metadata);
  read_usage(event["usage"], progress.metadata);
  if (type == "message_stop") progress.ended = true;
}

std::string missing(const Progress& progress) {
  return progress.ended ? "" : "the stream ended without message_stop";
}

std::string text(JsonValue event) {
  const JsonValue delta = event["delta"];
  if (delta["type"].text() == "text_delta") return delta["text"].text();
  const JsonValue block = event["content_block"];
  return block["type"].text() == "text" ? block["text"].text() : text_of(event["content"]);
}

}  // namespace

const Protocol kAnthropicMessages = {speaks, read, missing, text};

}  // namespace libcache::internal
