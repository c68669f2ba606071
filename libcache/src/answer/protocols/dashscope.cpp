// Alibaba's DashScope, in its native shape.
#include "answer/protocol.h"

namespace libcache::internal::dashscope {

namespace {

// Those of a failure; a success may have them too, with an empty code.
bool has_failure_members(JsonValue json) {
  return json.has("code") && json.has("message") && json.has("request_id") && (json.has("output") || json.has("usage"));
}

bool matches(const AnswerEvent& event) {
  if (has_failure_members(event.json)) return true;
  const JsonValue output = event.json["output"];
  const bool has_answer = output["choices"].is(JsonKind::array) || output.has("text") || output.has("finish_reason");
  return has_answer && (event.json.has("usage") || event.json.has("request_id"));
}

// Until the end the reason is null or the word "null".
std::string finish_reason(JsonValue holder) {
  const std::string reason = holder["finish_reason"].text();
  return reason != "null" ? reason : "";
}

void read(const AnswerEvent& event, Findings& findings) {
  const JsonValue output = event.json["output"];
  if (output["choices"].is(JsonKind::array)) {
    std::int64_t index = 0;
    output["choices"].each([&](JsonValue choice) {
      findings.choices[index] = findings.choices[index] || !finish_reason(choice).empty();
      findings.add_finish_reason(finish_reason(choice));
      ++index;
    });
  } else if (output) {
    findings.add_choice(0, finish_reason(output));
  }
  const bool has_code = !event.json["code"].text().empty() || event.json["code"].integer().value_or(0) != 0;
  if (has_code && event.json.has("message")) findings.add_error(event.json);
}

std::string missing(const Findings& findings) {
  return findings.describe_open_choice("choice", "finish_reason");
}

constexpr TextRule kTexts[] = {{"output.text"}, {"output.choices[0].message.content"}};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "a finish_reason",
    .matches = matches,
    .texts = kTexts,
    .read = read,
    .missing = missing,
    .missing_in_body = missing,
    .may_be_cumulative = true,
};

}  // namespace libcache::internal::dashscope
