// Vercel's AI SDK: the UI message stream, and the lines of its first version.
#include "answer/protocol.h"

namespace libcache::internal::ai_sdk {

namespace {

constexpr std::string_view kTypes[] = {"start-step", "finish-step",     "text-start",      "text-delta",
                                       "text-end",   "reasoning-",      "tool-input-",     "tool-output-",
                                       "source-url", "source-document", "message-metadata"};

// Other protocols begin with a start too.
bool is_start(const AnswerEvent& event) {
  constexpr std::string_view kMembers[] = {"type", "messageId", "messageMetadata"};
  return event.json["type"].equals("start") && has_only(event.json, kMembers);
}

// Parts of an application's own, and files: createUIMessageStream may write them before any text.
bool is_data_part(const AnswerEvent& event) {
  constexpr std::string_view kDataMembers[] = {"type", "id", "data", "transient"};
  constexpr std::string_view kFileMembers[] = {"type", "url", "mediaType", "providerMetadata"};
  const JsonValue type = event.json["type"];
  const bool is_file = type.equals("file") && event.json["url"] && event.json["mediaType"];
  return (type.begins_with("data-") && event.json.has("data") && has_only(event.json, kDataMembers)) ||
         (is_file && has_only(event.json, kFileMembers));
}

bool matches(const AnswerEvent& event) {
  return event.form == EventForm::sse &&
         (begins_with_any(event.json["type"], kTypes) || is_start(event) || is_data_part(event));
}

bool is_doubtful(const AnswerEvent& event) {
  return is_start(event) && !event.json["messageId"];
}

// A message that failed before its first step, or that is empty.
bool confirms(const AnswerEvent& event) {
  const JsonValue type = event.json["type"];
  return type.equals("finish") || type.equals("abort") || (type.equals("error") && event.json["errorText"]);
}

constexpr Rule kRules[] = {
    {"type", "finish", Effect::ends},
    {"type", "abort", Effect::fails},
    {"type", "error", Effect::fails},
};
constexpr Path kUsages[] = {"messageMetadata.usage"};
constexpr Path kFinishReasons[] = {"finishReason"};
constexpr TextRule kTexts[] = {{"delta", Piece::delta, "type", "text-delta"}};

bool matches_lines(const AnswerEvent& event) {
  return event.form == EventForm::line;
}

// d: ends the message. e: ends a step, which is the last one unless it called tools.
void read_line(const AnswerEvent& event, Findings& findings) {
  const bool is_step = event.name == "e";
  const bool continues = event.json["isContinued"].is(JsonKind::true_);
  const std::string reason = event.json["finishReason"].text();
  if (event.name == "3") findings.add_error(event.json);
  findings.ended = event.name == "d" || (is_step && reason != "tool-calls" && !continues);
  if (*findings.ended) findings.add_finish_reason(reason);
}

constexpr TextRule kLineTexts[] = {{"", Piece::delta, "@name", "0"}};

}  // namespace

extern const Protocol kEvents;
const Protocol kEvents = {
    .end = "an event of type finish",
    .matches = matches,
    .rules = kRules,
    .usages = kUsages,
    .finish_reasons = kFinishReasons,
    .texts = kTexts,
    .is_doubtful = is_doubtful,
    .confirms = confirms,
};

extern const Protocol kLines;
const Protocol kLines = {
    .end = "a line d:",
    .matches = matches_lines,
    .texts = kLineTexts,
    .read = read_line,
};

}  // namespace libcache::internal::ai_sdk
