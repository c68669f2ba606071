#include "answer/finish_reason.h"

#include <libcache/answer.h>

#include <algorithm>

#include "text/ascii.h"

namespace libcache LIBCACHE_EXPORT {

namespace {

using internal::to_lower;

// What other providers call OpenAI's reasons, in lower case.
struct Synonym {
  std::string_view theirs;
  std::string_view openai;
};
constexpr Synonym kSynonyms[] = {
    {"end_turn", "stop"},
    {"stop_sequence", "stop"},
    {"completed", "stop"},
    {"complete", "stop"},
    {"finish", "stop"},
    {"finished", "stop"},
    {"endoftext", "stop"},
    {"normal", "stop"},
    {"eos", "stop"},
    {"eos_token", "stop"},
    {"word", "stop"},
    {"max_tokens", "length"},
    {"max_output_tokens", "length"},
    {"model_context_window_exceeded", "length"},
    {"model_length", "length"},
    {"limit", "length"},
    {"tool_use", "tool_calls"},
    {"tool-calls", "tool_calls"},
    {"tool_call", "tool_calls"},
    {"function_call", "tool_calls"},
    {"refusal", "content_filter"},
    {"content-filter", "content_filter"},
    {"sensitive", "content_filter"},
    {"content_filtered", "content_filter"},
    {"guardrail_intervened", "content_filter"},
    {"safety", "content_filter"},
    {"recitation", "content_filter"},
    {"blocklist", "content_filter"},
    {"prohibited_content", "content_filter"},
    {"spii", "content_filter"},
    {"image_safety", "content_filter"},
    {"image_prohibited_content", "content_filter"},
    {"image_recitation", "content_filter"},
};

bool means(std::string_view theirs, std::string_view reason) {
  const std::string lower = to_lower(theirs);
  const auto same = [&](const Synonym& synonym) { return synonym.theirs == lower && synonym.openai == reason; };
  return theirs == reason || lower == reason || std::any_of(std::begin(kSynonyms), std::end(kSynonyms), same);
}

}  // namespace

bool has_finish_reason(const Metadata& metadata, std::string_view reason) {
  std::string_view rest = metadata.finish_reason;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (means(rest.substr(0, comma), reason)) return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

}  // namespace libcache LIBCACHE_EXPORT

namespace libcache::internal {

bool is_failure(std::string_view finish_reason) {
  constexpr std::string_view kFailures[] = {
      "error",        "abort",   "aborted",    "cancelled",   "canceled",    "network_error",
      "server_error", "timeout", "time_limit", "error_limit", "user_cancel", "insufficient_system_resource",
      "error_toxic"};
  return std::ranges::find(kFailures, to_lower(finish_reason)) != std::end(kFailures);
}

}  // namespace libcache::internal
