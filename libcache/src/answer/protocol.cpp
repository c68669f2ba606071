#include "answer/protocol.h"

#include <libcache/answer.h>

#include <algorithm>

namespace libcache::internal {

namespace {

constexpr const Protocol* kProtocols[] = {&kOpenAiChat, &kOpenAiResponses, &kAnthropicMessages, &kGemini, &kOllama};

// Metadata is read with the head of an entry, so that nothing in it may grow without bound.
constexpr std::size_t kLongestModel = 256;
constexpr std::size_t kLongestReasons = 128;

// A word or number for machines, like rate_limit_exceeded or 503; empty if the value is anything else.
std::string code_of(JsonValue value) {
  if (const auto number = value.integer()) return std::to_string(*number);
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  constexpr std::size_t kLongestCode = 64;
  std::string text = value.text();
  const bool is_code = text.size() <= kLongestCode && text.find_first_not_of(kLetters) == std::string::npos;
  return is_code ? text : std::string();
}

// Whether a value where an error would stand says that there is none.
bool is_no_error(JsonValue error) {
  return !error || error.is(JsonKind::false_) || (error.is(JsonKind::string) && error.text().empty());
}

}  // namespace

void Progress::set_model(JsonValue model) {
  if (std::string name = model.text(); !name.empty() && name.size() <= kLongestModel) metadata.model = std::move(name);
}

void Progress::add_choice(JsonValue index, JsonValue finish_reason) {
  const std::string reason = finish_reason.text();
  bool& finished = choices[index.integer().value_or(0)];
  finished = finished || !reason.empty();
  add_finish_reason(reason);
}

void Progress::add_finish_reason(std::string_view reason) {
  std::string& reasons = metadata.finish_reason;
  if (reason.empty() || has_finish_reason(metadata, reason)) return;
  if (reasons.size() + reason.size() >= kLongestReasons) return;
  if (!reasons.empty()) reasons += ',';
  reasons += reason;
}

void Progress::add_error(JsonValue value) {
  if (!error.empty()) return;
  error = "the provider reports an error";
  for (const JsonValue member : {value["code"], value["status"], value["type"]}) {
    const std::string code = code_of(member);
    if (code.empty() || code == "error") continue;
    error += ": " + code;
    return;
  }
}

std::string Progress::describe_open_choice(std::string_view choice, std::string_view finish_reason) const {
  if (choices.empty()) return "the stream ended without any " + std::string(choice);
  const auto open = std::find_if(choices.begin(), choices.end(), [](const auto& entry) { return !entry.second; });
  if (open == choices.end()) return {};
  return std::string(choice) + " " + std::to_string(open->first) + " has no " + std::string(finish_reason);
}

void set_count(std::optional<std::int64_t>& count, JsonValue value) {
  if (const auto number = value.integer()) count = number;
}

std::string text_of(JsonValue content) {
  std::string text = content.text();
  content.each([&text](JsonValue part) {
    if (part["type"].text() == "text") text += part["text"].text();
  });
  return text;
}

const Protocol* find_protocol(JsonValue event) {
  const auto speaks = [event](const Protocol* protocol) { return protocol->speaks(event); };
  const auto* const found = std::find_if(std::begin(kProtocols), std::end(kProtocols), speaks);
  return found != std::end(kProtocols) ? *found : nullptr;
}

void read_error(JsonValue event, Progress& progress) {
  if (const JsonValue error = event["error"]; !is_no_error(error)) return progress.add_error(error);
  if (event["type"].text() == "error" || event["object"].text() == "error") progress.add_error(event);
}

}  // namespace libcache::internal
