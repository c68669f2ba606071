// Amazon Bedrock: Converse, and InvokeModel for models whose own protocol is not known.
#include "answer/protocol.h"

namespace libcache::internal::bedrock {

namespace {

constexpr std::string_view kConverseEvents[] = {"messageStart",     "contentBlockStart", "contentBlockDelta",
                                                "contentBlockStop", "messageStop",       "metadata"};

bool is_body(const AnswerEvent& event) {
  return event.json["stopReason"] && event.json["output"]["message"];
}

// Nova sends the same events as JSON, under their names.
bool matches(const AnswerEvent& event) {
  for (const std::string_view name : kConverseEvents) {
    const bool is_inner = event.json.size() <= 2 && event.json[name].is(JsonKind::object) && name != "metadata";
    if (is_inner || (event.form == EventForm::frame && event.name == name)) return true;
  }
  return is_body(event);
}

constexpr Rule kRules[] = {
    {"@name", "messageStop", Effect::ends},
    {"messageStop", "*", Effect::ends},
    {"amazon-bedrock-invocationMetrics", "*", Effect::ends},
};
constexpr Path kUsages[] = {"metadata.usage"};
constexpr Path kFinishReasons[] = {"stopReason", "messageStop.stopReason"};
constexpr TextRule kTexts[] = {
    {"delta.text", Piece::delta, "@name", "contentBlockDelta"},
    {"contentBlockDelta.delta.text"},
    {"output.message.content[]", Piece::whole},
};

// Titan, Llama, Mistral and DeepSeek.
bool is_invoke_body(const AnswerEvent& event) {
  if (event.form != EventForm::value) return false;
  bool has_text = event.json["generation"].is(JsonKind::string) && event.json.has("stop_reason");
  event.json["results"].each([&](JsonValue result) { has_text = has_text || result["outputText"]; });
  event.json["outputs"].each(
      [&](JsonValue output) { has_text = has_text || (output["text"] && output.has("stop_reason")); });
  event.json["choices"].each([&](JsonValue choice) {
    has_text = has_text || ((choice["text"] || choice["message"]) && choice.has("stop_reason"));
  });
  return has_text;
}

void read_invoke(const AnswerEvent& event, Findings& findings) {
  event.json["results"].each([&](JsonValue one) { findings.add_finish_reason(one["completionReason"].text()); });
  event.json["outputs"].each([&](JsonValue one) { findings.add_finish_reason(one["stop_reason"].text()); });
  event.json["choices"].each([&](JsonValue one) { findings.add_finish_reason(one["stop_reason"].text()); });
  event.json["results"].each([&](JsonValue one) {
    if (const auto count = one["tokenCount"].integer()) findings.metadata.completion_tokens = count;  // Titan
  });
}

// The chunks of InvokeAgent hold plain text. Nothing says that they end.
bool matches_invoke(const AnswerEvent& event) {
  if (is_invoke_body(event)) return true;
  return event.form == EventForm::frame && event.name == "chunk" && event.json.is(JsonKind::object);
}

constexpr Rule kInvokeRules[] = {{"amazon-bedrock-invocationMetrics", "*", Effect::ends}};
constexpr Path kInvokeUsages[] = {""};
constexpr Path kInvokeFinishReasons[] = {"stop_reason", "completionReason"};
constexpr TextRule kInvokeTexts[] = {{"generation"},     {"outputText"},      {"results[].outputText"},
                                     {"outputs[].text"}, {"choices[0].text"}, {"choices[0].message.content"}};

}  // namespace

extern const Protocol kConverse;
const Protocol kConverse = {
    .end = "messageStop",
    .matches = matches,
    .rules = kRules,
    .usages = kUsages,
    .finish_reasons = kFinishReasons,
    .texts = kTexts,
    .is_body = is_body,
};

extern const Protocol kInvoke;
const Protocol kInvoke = {
    .end = "amazon-bedrock-invocationMetrics",
    .matches = matches_invoke,
    .rules = kInvokeRules,
    .usages = kInvokeUsages,
    .finish_reasons = kInvokeFinishReasons,
    .texts = kInvokeTexts,
    .read = read_invoke,
    .is_body = is_invoke_body,
};

}  // namespace libcache::internal::bedrock
