// Replicate's predictions. Each event of output in a stream is a piece of text.
#include "answer/protocol.h"

namespace libcache::internal::replicate {

namespace {

bool is_text(const AnswerEvent& event) {
  return event.name == "output";
}

bool is_text_output(JsonValue output) {
  bool are_texts = output.is(JsonKind::array);
  output.each([&](JsonValue one) { are_texts = are_texts && one.is(JsonKind::string); });
  return are_texts || output.is(JsonKind::string);
}

// In any other status it is a job like those of other APIs.
bool is_body(const AnswerEvent& event) {
  const JsonValue json = event.json;
  return event.form == EventForm::value && json["id"].is(JsonKind::string) && json["status"].equals("succeeded") &&
         (is_text_output(json["output"]) || (json["output"] && (json.has("urls") || json.has("version"))));
}

bool matches(const AnswerEvent& event) {
  if (is_body(event)) return true;
  return event.form == EventForm::sse && (event.name == "output" || event.name == "logs");
}

void read(const AnswerEvent& event, Findings& findings) {
  if (event.name == "error") findings.add_error(event.json);
  if (event.name != "done") return;
  const JsonValue reason = event.json["reason"];
  if (reason.equals("error") || reason.equals("canceled")) return findings.add_error(reason.text());
  findings.ended = true;
}

constexpr Path kUsages[] = {"metrics"};
constexpr TextRule kTexts[] = {
    {"@data", Piece::delta, "@name", "output"},
    {"output", Piece::whole, "status", "succeeded"},
};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "event: done",
    .matches = matches,
    .usages = kUsages,
    .texts = kTexts,
    .read = read,
    .is_body = is_body,
    .is_text = is_text,
};

}  // namespace libcache::internal::replicate
