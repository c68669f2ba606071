// Ollama's chat and generate.
#include "answer/protocol.h"

namespace libcache::internal {

namespace {

bool speaks(JsonValue event) {
  const JsonValue done = event["done"];
  return (done.is(JsonKind::true_) || done.is(JsonKind::false_)) && (event["message"] || event["response"]);
}

void read(JsonValue event, Progress& progress) {
  progress.set_model(event["model"]);
  progress.ended = event["done"].is(JsonKind::true_);
  progress.add_finish_reason(event["done_reason"].text());
  set_count(progress.metadata.prompt_tokens, event["prompt_eval_count"]);
  set_count(progress.metadata.completion_tokens, event["eval_count"]);
}

std::string missing(const Progress& progress) {
  return progress.ended.value_or(false) ? "" : "the stream ended without \"done\": true";
}

std::string text(JsonValue event) {
  return event["message"]["content"].text() + event["response"].text();
}

}  // namespace

const Protocol kOllama = {speaks, read, missing, text};

}  // namespace libcache::internal
