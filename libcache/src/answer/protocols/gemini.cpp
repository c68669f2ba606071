// Gemini's generateContent and streamGenerateContent.
#include "answer/protocol.h"

namespace libcache::internal {

namespace {

// A model's own JSON may have candidates too: a list of people, say.
bool is_candidate(JsonValue candidate) {
  return candidate["content"].is(JsonKind::object) || candidate.has("finishReason") || candidate.has("index");
}

bool matches(const AnswerEvent& event) {
  const JsonValue json = event.json;
  if (json["usageMetadata"] || json["promptFeedback"]) return true;
  const JsonValue candidates = json["candidates"];
  if (!candidates.is(JsonKind::array)) return false;
  bool are_candidates = candidates.size() > 0 || json["modelVersion"];
  candidates.each(
      [&](JsonValue one) { are_candidates = are_candidates && (is_candidate(one) || json["modelVersion"]); });
  return are_candidates;
}

void read(const AnswerEvent& event, Findings& findings) {
  event.json["candidates"].each([&findings](JsonValue candidate) {
    const std::string reason = candidate["finishReason"].text();
    findings.add_choice(candidate["index"], reason != "FINISH_REASON_UNSPECIFIED" ? reason : "");
  });
  const std::string block = event.json["promptFeedback"]["blockReason"].text();
  if (block.empty()) return;
  findings.ended = true;
  findings.add_finish_reason(block);
}

// A prompt that was blocked has no candidates.
std::string missing(const Findings& findings) {
  return findings.ended ? "" : findings.describe_open_choice("candidate", "finishReason");
}

constexpr Path kModels[] = {"modelVersion"};
constexpr Path kUsages[] = {"usageMetadata"};
constexpr TextRule kTexts[] = {{"candidates[0].content.parts[]"}};

}  // namespace

extern const Protocol kGemini;
const Protocol kGemini = {
    .end = "finishReason",
    .matches = matches,
    .models = kModels,
    .usages = kUsages,
    .texts = kTexts,
    .read = read,
    .missing = missing,
    .missing_in_body = missing,
};

}  // namespace libcache::internal
