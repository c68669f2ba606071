// Cloudflare Workers AI.
#include "answer/protocol.h"

namespace libcache::internal {

namespace {

bool is_body(const AnswerEvent& event) {
  return event.json["result"].has("response") && event.json["success"].is_bool();
}

// Only a server-sent event: JSON with a response is what models like to write themselves.
bool matches(const AnswerEvent& event) {
  return (event.form == EventForm::sse && event.json.has("response")) || is_body(event);
}

std::string missing(const Findings& findings) {
  return findings.done_marker ? "" : "the stream ended without data: [DONE]";
}

constexpr Path kUsages[] = {"result.usage"};
constexpr TextRule kTexts[] = {{"response"}, {"choices[0].delta.content"}, {"result.response", Piece::whole}};

}  // namespace

extern const Protocol kWorkersAi;
const Protocol kWorkersAi = {
    .end = "data: [DONE]",
    .matches = matches,
    .usages = kUsages,
    .texts = kTexts,
    .missing = missing,
    .is_body = is_body,
};

}  // namespace libcache::internal
