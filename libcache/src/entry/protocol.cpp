#include "entry/protocol.h"

#include <algorithm>

namespace libcache {

namespace {

constexpr const Protocol* kProtocols[] = {&kOpenAiChat, &kOpenAiResponses, &kAnthropicMessages, &kGemini, &kOllama};

// Whether `text` is a short word for machines, like rate_limit_exceeded.
bool is_code(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  const auto fits = [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '_' || character == '-' || character == '.';
  };
  return !text.empty() && text.size() <= kLongest && std::all_of(text.begin(), text.end(), fits);
}

bool names(std::string_view list, std::string_view word) {
  while (true) {
    const std::size_t comma = list.find(',');
    if (list.substr(0, comma) == word) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

void Progress::finish(std::int64_t choice, const std::string& reason) {
  bool& finished = choices[choice];
  if (reason.empty()) return;
  finished = true;
  add_finish_reason(reason);
}

void Progress::add_finish_reason(const std::string& reason) {
  if (reason.empty() || names(metadata.finish_reason, reason)) return;
  if (!metadata.finish_reason.empty()) metadata.finish_reason += ',';
  metadata.finish_reason += reason;
}

void Progress::set_model(JsonValue model) {
  if (std::string name = model.text(); !name.empty()) metadata.model = std::move(name);
}

std::string Progress::unfinished(std::string_view choice, std::string_view reason) const {
  const auto open = std::find_if(choices.begin(), choices.end(), [](const auto& entry) { return !entry.second; });
  if (choices.empty()) return "the stream ended without any " + std::string(choice);
  if (open == choices.end()) return {};
  return "the stream ended without a " + std::string(reason) + " for " + std::string(choice) + " " +
         std::to_string(open->first);
}

void set_count(std::optional<std::int64_t>& count, JsonValue value) {
  if (const auto number = value.integer()) count = number;
}

const Protocol* find_protocol(JsonValue event) {
  const auto speaks = [event](const Protocol* protocol) { return protocol->speaks(event); };
  const auto* const found = std::find_if(std::begin(kProtocols), std::end(kProtocols), speaks);
  return found != std::end(kProtocols) ? *found : nullptr;
}

std::string describe_error(JsonValue event) {
  const JsonValue error = event["error"];
  if ((!error || error.is(JsonKind::false_)) && event["type"].text() != "error") return {};
  for (const JsonValue code : {error["type"], error["code"], error["status"], event["code"]}) {
    if (const std::string word = code.text(); is_code(word)) return "the provider reports an error: " + word;
  }
  return "the provider reports an error";
}

}  // namespace libcache
