// Replicate's streams: each event of output is a piece of text.
#include "answer/protocol.h"

namespace libcache::internal::replicate {

namespace {

bool is_text(const AnswerEvent& event) {
  return event.name == "output";
}

bool matches(const AnswerEvent& event) {
  return event.form == EventForm::sse && (event.name == "output" || event.name == "logs");
}

void read(const AnswerEvent& event, Findings& findings) {
  if (event.name == "error") findings.add_error(event.json);
  if (event.name != "done") return;
  const JsonValue reason = event.json["reason"];
  if (reason.equals("error") || reason.equals("canceled")) return findings.add_error(reason.text());
  findings.ended = true;
}

constexpr TextRule kTexts[] = {{"@data", Piece::delta, "@name", "output"}};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "event: done",
    .matches = matches,
    .texts = kTexts,
    .read = read,
    .is_text = is_text,
};

}  // namespace libcache::internal::replicate
