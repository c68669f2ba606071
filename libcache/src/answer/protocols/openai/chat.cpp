// OpenAI's chat and text completions, and what many other providers send in their shape.
#include "answer/protocol.h"
#include "answer/shapes/general.h"

namespace libcache::internal::openai_chat {

namespace {

// A model's own JSON may have choices too: a quiz, say.
bool is_choice(JsonValue choice) {
  return choice["delta"] || choice["message"] || choice.has("finish_reason") || choice["text"].is(JsonKind::string) ||
         choice["content_filter_results"];
}

// DeepSeek and Mistral on Bedrock.
bool has_only_stop_reason(JsonValue choice) {
  return choice.has("stop_reason") && !choice.has("finish_reason");
}

bool matches(const AnswerEvent& event) {
  const JsonValue choices = event.json["choices"];
  if (!choices.is(JsonKind::array)) return false;
  if (choices.size() == 0) {
    bool is_known = event.json.size() == 1;
    for (const char* const name : {"id", "object", "model", "usage", "x_groq", "prompt_filter_results"}) {
      is_known = is_known || event.json.has(name);
    }
    return is_known;
  }
  bool are_choices = true;
  choices.each(
      [&](JsonValue choice) { are_choices = are_choices && is_choice(choice) && !has_only_stop_reason(choice); });
  return are_choices;
}

bool is_chunk(const AnswerEvent& event) {
  bool has_delta = event.json["object"].equals("chat.completion.chunk");
  event.json["choices"].each([&](JsonValue choice) { has_delta = has_delta || choice.has("delta"); });
  return has_delta;
}

bool is_body(const AnswerEvent& event) {
  const JsonValue choices = event.json["choices"];
  const bool is_piece = event.form == EventForm::sse || event.form == EventForm::frame;
  return !is_piece && choices.is(JsonKind::array) && !is_chunk(event);
}

bool has_content(JsonValue choice) {
  const JsonValue message = choice["message"];
  for (const char* const name : {"content", "tool_calls", "function_call", "refusal", "audio"}) {
    const JsonValue value = message[name];
    if (value.size() > 0 || !value.text().empty() || !value.literal().empty()) return true;
  }
  return !choice["text"].text().empty();
}

void read_choice(JsonValue choice, std::int64_t index, bool in_body, Findings& findings) {
  const JsonValue reason = choice["finish_reason"];
  findings.has_finish_reasons = findings.has_finish_reasons || choice.has("finish_reason");
  findings.add_choice(index, reason.text());
  if (is_error(choice["error"])) findings.add_error(choice["error"]);
  findings.read_usage(choice["usage"]);  // Moonshot
  if (!in_body || !reason.text().empty()) return;
  // Some servers send null on complete answers.
  if (has_content(choice)) {
    findings.choices[index] = true;
  } else {
    findings.unfinished_body = "a choice has neither a finish_reason nor content";
  }
}

void read(const AnswerEvent& event, Findings& findings) {
  const bool in_body = is_body(event);
  std::int64_t position = 0;  // the index, where the choice has none
  event.json["choices"].each([&](JsonValue choice) {
    read_choice(choice, choice["index"].integer().value_or(position++), in_body, findings);
  });
  const JsonValue minimax = event.json["base_resp"];
  if (minimax["status_code"].integer().value_or(0) != 0) findings.add_error(minimax);
  const JsonValue groq = event.json["x_groq"];
  if (is_error(groq["error"])) findings.add_error(groq);
  // iFlytek Spark reports failures so, in mid-stream too.
  if (!event.json["choices"] && event.json["code"].integer().value_or(0) != 0 && is_gateway_error(event.json)) {
    findings.add_error(event.json);
  }
}

std::string missing(const Findings& findings) {
  // Spark has no finish reasons at all.
  const bool ends_with_marker = !findings.choices.empty() && !findings.has_finish_reasons;
  if (ends_with_marker && findings.done_marker) return "";
  if (std::string open = findings.describe_open_choice("choice", "finish_reason"); !open.empty()) return open;
  const bool is_whole = findings.done_marker || findings.choices.size() == 1;
  return is_whole ? "" : "the stream ended without data: [DONE]";
}

std::string missing_in_body(const Findings& findings) {
  return findings.choices.empty() ? "the answer has no choices" : findings.unfinished_body;
}

constexpr Path kUsages[] = {"x_groq.usage"};
constexpr TextRule kTexts[] = {
    {"choices[0].delta.content"},
    {"choices[0].delta.refusal"},
    {"choices[0].text"},
    {"choices[0].message.content", Piece::whole},
    {"choices[0].message.refusal", Piece::whole},
    {"response"},  // Workers AI mixes its own events in
};

}  // namespace

extern const Protocol kProtocol;
const Protocol kProtocol = {
    .end = "data: [DONE]",
    .matches = matches,
    .usages = kUsages,
    .texts = kTexts,
    .read = read,
    .missing = missing,
    .missing_in_body = missing_in_body,
    .is_body = is_body,
};

}  // namespace libcache::internal::openai_chat
