// Gemini's generateContent and streamGenerateContent.
#include <libcache/answer.h>

#include "answer/protocol.h"

namespace libcache::internal::gemini {

namespace {

// A model's own JSON may have candidates too: a list of people, say.
bool is_candidate(JsonValue candidate) {
  return candidate["content"].is(JsonKind::object) || candidate.has("finishReason") || candidate.has("index");
}

// Code Assist, which the command line of Gemini calls, sends the same within `response`.
JsonValue chunk_of(const AnswerEvent& event) {
  const JsonValue inner = event.json["response"];
  return inner["candidates"] || inner["promptFeedback"] || inner["usageMetadata"] ? inner : event.json;
}

// Resources and embeddings have a usageMetadata too.
bool has_only_usage(JsonValue json) {
  constexpr std::string_view kMembers[] = {"usageMetadata", "modelVersion", "responseId", "createTime"};
  return json["usageMetadata"] && has_only(json, kMembers);
}

bool matches(const AnswerEvent& event) {
  const JsonValue json = chunk_of(event);
  if (has_only_usage(json) || json["promptFeedback"]) return true;
  const JsonValue candidates = json["candidates"];
  if (!candidates.is(JsonKind::array)) return false;
  bool are_candidates = candidates.size() > 0 || json["modelVersion"];
  candidates.each(
      [&](JsonValue one) { are_candidates = are_candidates && (is_candidate(one) || json["modelVersion"]); });
  return are_candidates;
}

void read(const AnswerEvent& event, Findings& findings) {
  const JsonValue json = chunk_of(event);
  std::int64_t position = 0;  // the index, where the candidate has none
  json["candidates"].each([&](JsonValue candidate) {
    const std::string reason = candidate["finishReason"].text();
    findings.add_choice(candidate["index"].integer().value_or(position++),
                        reason != "FINISH_REASON_UNSPECIFIED" ? reason : "");
  });
  const std::string block = json["promptFeedback"]["blockReason"].text();
  if (block.empty()) return;
  findings.ended = true;
  findings.add_finish_reason(block);
  if (!has_finish_reason(findings.metadata, "content_filter")) findings.add_finish_reason("content_filter");
}

// A prompt that was blocked has no candidates.
std::string missing(const Findings& findings) {
  return findings.ended ? "" : findings.describe_open_choice("candidate", "finishReason");
}

constexpr Path kModels[] = {"modelVersion", "response.modelVersion"};
constexpr Path kUsages[] = {"usageMetadata", "response.usageMetadata"};
constexpr TextRule kTexts[] = {{"candidates[0].content.parts[]"}, {"response.candidates[0].content.parts[]"}};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "finishReason",
    .matches = matches,
    .models = kModels,
    .usages = kUsages,
    .texts = kTexts,
    .read = read,
    .missing = missing,
    .missing_in_body = missing,
};

}  // namespace libcache::internal::gemini
