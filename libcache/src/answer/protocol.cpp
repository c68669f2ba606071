#include "answer/protocol.h"

#include <algorithm>

namespace libcache::internal {

namespace {

bool has_value(const AnswerEvent& event, const Rule& rule) {
  if (rule.path == "@name") return event.name == rule.value;
  const JsonValue value = at_path(event.json, rule.path);
  if (rule.value == "*") return static_cast<bool>(value);
  return value.is(JsonKind::string) ? value.equals(rule.value) : value && value.literal() == rule.value;
}

void apply(Effect effect, const AnswerEvent& event, Findings& findings) {
  switch (effect) {
    case Effect::ends:
      findings.ended = true;
      break;
    case Effect::goes_on:
      findings.ended = false;
      break;
    case Effect::fails:
      findings.add_error(event.json);
      break;
  }
}

// Embeddings, rerank, counts of tokens and the like have no protocol of their own.
void read_unknown(const AnswerEvent& event, Findings& findings) {
  if (event.form != EventForm::value) return;
  findings.set_model(event.json["model_id"]);
  findings.read_usage(event.json);
  findings.read_usage(event.json["data"]["usage"]);
}

}  // namespace

JsonValue at_path(JsonValue json, Path path) {
  while (!path.empty() && json) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    json = json[path.substr(0, dot)];
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return json;
}

void read_event(const Protocol* protocol, const AnswerEvent& event, Findings& findings) {
  findings.set_model(event.json["model"]);
  findings.read_usage(event.json["usage"]);
  findings.read_usage(event.json["amazon-bedrock-invocationMetrics"]);  // after the events of any model
  findings.read_usage(event.json["meta"]["billed_units"]);              // Cohere's embeddings and rerank
  if (protocol == nullptr) return read_unknown(event, findings);
  for (const Path path : protocol->models) findings.set_model(at_path(event.json, path));
  for (const Path path : protocol->usages) findings.read_usage(at_path(event.json, path));
  for (const Path path : protocol->finish_reasons) findings.add_finish_reason(at_path(event.json, path).text());
  for (const Rule& rule : protocol->rules) {
    if (has_value(event, rule)) apply(rule.effect, event, findings);
  }
  if (protocol->read != nullptr) protocol->read(event, findings);
}

}  // namespace libcache::internal
