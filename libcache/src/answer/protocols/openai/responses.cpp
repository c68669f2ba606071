// OpenAI's responses.
#include "answer/protocol.h"

namespace libcache::internal::openai_responses {

namespace {

constexpr std::string_view kEvent = "response.";

bool is_body(const AnswerEvent& event) {
  return event.json["object"].equals("response");
}

bool matches(const AnswerEvent& event) {
  return event.json["type"].begins_with(kEvent) || is_body(event);
}

// response.completed says how the response ended; response.done leaves it to the status of the response.
std::string status_of(const AnswerEvent& event, JsonValue response) {
  const std::string type = event.json["type"].text();
  const bool is_in_type = type.starts_with(kEvent) && type != "response.done";
  return is_in_type ? type.substr(kEvent.size()) : response["status"].text();
}

void read(const AnswerEvent& event, Findings& findings) {
  const JsonValue response = is_body(event) ? event.json : event.json["response"];
  const std::string status = status_of(event, response);
  if (status == "failed" || status == "cancelled" || status == "canceled") {
    return findings.add_error(response["error"] ? response["error"] : response);
  }
  if (status.empty() || !response) return;
  findings.ended = status == "completed" || status == "incomplete";
  if (!*findings.ended) return;
  const std::string reason = response["incomplete_details"]["reason"].text();
  findings.add_finish_reason(status == "incomplete" && !reason.empty() ? reason : status);
}

constexpr Path kModels[] = {"response.model"};
constexpr Path kUsages[] = {"response.usage"};
constexpr TextRule kTexts[] = {
    {"delta", Piece::delta, "type", "response.output_text.delta"},
    {"delta", Piece::delta, "type", "response.refusal.delta"},
    {"text", Piece::whole, "type", "response.output_text.done"},
    {"refusal", Piece::whole, "type", "response.refusal.done"},
    {"response.output[].content[]", Piece::whole},
    {"output[].content[]", Piece::whole, "object", "response"},
};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "response.completed",
    .matches = matches,
    .models = kModels,
    .usages = kUsages,
    .texts = kTexts,
    .read = read,
    .is_body = is_body,
};

}  // namespace libcache::internal::openai_responses
