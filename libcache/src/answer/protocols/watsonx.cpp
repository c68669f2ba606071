// IBM watsonx text generation.
#include "answer/protocol.h"
#include "text/ascii.h"

namespace libcache::internal::watsonx {

namespace {

bool matches(const AnswerEvent& event) {
  bool are_results = event.json["results"].size() > 0;
  event.json["results"].each([&](JsonValue result) {
    are_results = are_results && result.has("generated_text") && result.has("stop_reason");
  });
  return are_results;
}

void read(const AnswerEvent& event, Findings& findings) {
  event.json["results"].each([&](JsonValue result) {
    const std::string reason = to_lower(result["stop_reason"].text());
    findings.ended = !reason.empty() && reason != "not_finished";
    if (*findings.ended) findings.add_finish_reason(result["stop_reason"].text());
    findings.read_usage(result);
  });
  if (event.json["errors"].size() > 0) findings.add_error(event.json);
}

constexpr Path kModels[] = {"model_id"};
constexpr TextRule kTexts[] = {{"results[].generated_text"}};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "a stop_reason",
    .matches = matches,
    .models = kModels,
    .texts = kTexts,
    .read = read,
};

}  // namespace libcache::internal::watsonx
