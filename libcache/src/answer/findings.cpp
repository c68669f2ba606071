#include "answer/findings.h"

#include <libcache/answer.h>

#include <algorithm>

#include "answer/finish_reason.h"

namespace libcache::internal {

namespace {

// Metadata is read with the head of an entry, so that nothing in it may grow without bound.
constexpr std::size_t kLongestModel = 256;
constexpr std::size_t kLongestReasons = 128;

using Count = std::optional<std::int64_t> Metadata::*;
struct CountName {
  std::string_view name;
  Count count;
};
constexpr Count kPrompt = &Metadata::prompt_tokens;
constexpr Count kCompletion = &Metadata::completion_tokens;
constexpr Count kCached = &Metadata::cached_tokens;
constexpr Count kReasoning = &Metadata::reasoning_tokens;
constexpr CountName kCountNames[] = {
    {"prompt_tokens", kPrompt},
    {"input_tokens", kPrompt},
    {"promptTokens", kPrompt},
    {"inputTokens", kPrompt},
    {"promptTokenCount", kPrompt},
    {"inputTokenCount", kPrompt},
    {"prompt_token_count", kPrompt},
    {"input_token_count", kPrompt},
    {"total_input_tokens", kPrompt},
    {"prompt_eval_count", kPrompt},
    {"tokens_evaluated", kPrompt},
    {"input_length", kPrompt},
    {"input_count", kPrompt},
    {"inputTextTokenCount", kPrompt},
    {"completion_tokens", kCompletion},
    {"output_tokens", kCompletion},
    {"completionTokens", kCompletion},
    {"outputTokens", kCompletion},
    {"candidatesTokenCount", kCompletion},
    {"outputTokenCount", kCompletion},
    {"generation_token_count", kCompletion},
    {"generated_token_count", kCompletion},
    {"output_token_count", kCompletion},
    {"total_output_tokens", kCompletion},
    {"eval_count", kCompletion},
    {"tokens_predicted", kCompletion},
    {"generated_tokens", kCompletion},
    {"output_count", kCompletion},
    {"totalOutputTextTokenCount", kCompletion},
    {"prompt_cache_hit_tokens", kCached},  // DeepSeek
    {"cache_read_input_tokens", kCached},
    {"cacheReadInputTokens", kCached},
    {"cachedContentTokenCount", kCached},
    {"cached_tokens", kCached},  // in prompt_tokens_details or input_tokens_details
    {"thoughtsTokenCount", kReasoning},
    {"reasoning_tokens", kReasoning},  // in completion_tokens_details or output_tokens_details
};

// A word or number for machines, like rate_limit_exceeded or 503; empty if the value is anything else.
std::string code_of(JsonValue value) {
  if (const auto number = value.integer()) return std::to_string(*number);
  return value.text();
}

bool is_code(std::string_view text) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. ";
  constexpr std::size_t kLongestCode = 64;
  return !text.empty() && text.size() <= kLongestCode && text.find_first_not_of(kLetters) == std::string::npos;
}

}  // namespace

void Findings::set_model(JsonValue model) {
  if (!model.is(JsonKind::string) || model.equals(metadata.model)) return;
  if (std::string name = model.text(); !name.empty() && name.size() <= kLongestModel) metadata.model = std::move(name);
}

void Findings::read_usage(JsonValue usage) {
  usage.each_member([this](std::string_view name, JsonValue value) {
    if (name.ends_with("_tokens_details")) return read_usage(value);
    const auto number = value.integer();
    if (!number) return;
    const auto* const found = std::ranges::find(kCountNames, name, &CountName::name);
    if (found == std::end(kCountNames)) return;
    Count count = found->count;
    // Some providers count only in one event, and send 0 in the later ones.
    if (*number != 0 || !(metadata.*count)) metadata.*count = number;
  });
}

void Findings::add_finish_reason(std::string_view reason) {
  if (reason.empty()) return;
  if (is_failure(reason)) return add_error(reason);
  std::string& reasons = metadata.finish_reason;
  if (has_finish_reason(metadata, reason)) return;
  if (reasons.size() + reason.size() >= kLongestReasons) return;
  if (!reasons.empty()) reasons += ',';
  reasons += reason;
}

void Findings::add_choice(std::int64_t index, std::string_view finish_reason) {
  bool& finished = choices[index];
  finished = finished || !finish_reason.empty();
  add_finish_reason(finish_reason);
}

void Findings::add_error(JsonValue value) {
  if (!error.empty()) return;
  for (const char* const name : {"code", "status", "type", "error_code", "status_code"}) {
    const std::string code = code_of(value[name]);
    if (is_code(code) && code.find(' ') == std::string::npos && code != "error") return add_error(code);
  }
  error = "the provider reports an error";
}

void Findings::add_error(std::string_view code) {
  if (!error.empty()) return;
  error = "the provider reports an error";
  if (is_code(code)) error.append(": ").append(code);
}

std::string Findings::describe_open_choice(std::string_view choice, std::string_view finish_reason) const {
  if (choices.empty()) return "the answer ended without any " + std::string(choice);
  const auto open = std::find_if(choices.begin(), choices.end(), [](const auto& entry) { return !entry.second; });
  if (open == choices.end()) return {};
  return std::string(choice) + " " + std::to_string(open->first) + " has no " + std::string(finish_reason);
}

}  // namespace libcache::internal
