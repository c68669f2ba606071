#include <libcache/answer.h>

#include <algorithm>

namespace libcache {

namespace {

// What other providers call OpenAI's reasons.
struct Synonym {
  std::string_view theirs;
  std::string_view openai;
};
constexpr Synonym kSynonyms[] = {
    {"end_turn", "stop"},
    {"stop_sequence", "stop"},
    {"completed", "stop"},
    {"STOP", "stop"},
    {"max_tokens", "length"},
    {"max_output_tokens", "length"},
    {"model_context_window_exceeded", "length"},
    {"model_length", "length"},
    {"MAX_TOKENS", "length"},
    {"tool_use", "tool_calls"},
    {"function_call", "tool_calls"},
    {"refusal", "content_filter"},
    {"SAFETY", "content_filter"},
    {"RECITATION", "content_filter"},
    {"BLOCKLIST", "content_filter"},
    {"PROHIBITED_CONTENT", "content_filter"},
    {"SPII", "content_filter"},
    {"IMAGE_SAFETY", "content_filter"},
};

bool means(std::string_view theirs, std::string_view reason) {
  const auto same = [=](const Synonym& synonym) { return synonym.theirs == theirs && synonym.openai == reason; };
  return theirs == reason || std::any_of(std::begin(kSynonyms), std::end(kSynonyms), same);
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

}  // namespace libcache
