// How an answer ends in each protocol.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "support/sanitizers.h"
#include "support/streams.h"
#include "unit/answer/judge.h"

using namespace libcache;
using support::kStop;
using support::kWord;
using support::ndjson;
using support::sse;

namespace {

using Events = std::vector<std::string>;

std::string sse_of(const Events& events) {
  std::string stream;
  for (const std::string& event : events)
    stream += event.starts_with("event:") ? event + "\n\n" : "data: " + event + "\n\n";
  return stream;
}

std::string lines_of(const Events& events) {
  std::string stream;
  for (const std::string& event : events) stream += event + "\n";
  return stream;
}

// Complete as a whole, and incomplete if it is cut after any event before the last.
void check_needs_all(const Events& events, std::string (*join)(const Events&) = sse_of) {
  for (std::size_t count = 1; count <= events.size(); ++count) {
    const std::string stream = join(Events(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(count)));
    const Verdict verdict = judge_answer(stream);
    INFO(stream << verdict.reason);
    CHECK((verdict.completeness == Completeness::complete) == (count == events.size()));
    CHECK(verdict.completeness != Completeness::error);
  }
}

void check_complete(const std::string& answer) {
  const Verdict verdict = judge_answer(answer);
  INFO(answer << verdict.reason);
  CHECK(verdict.completeness == Completeness::complete);
}

void check_incomplete(const std::string& answer) {
  INFO(answer);
  CHECK(judge_answer(answer).completeness == Completeness::incomplete);
}

void check_error(const std::string& answer, const std::string& code = "") {
  const Verdict verdict = judge_answer(answer);
  INFO(answer << verdict.reason);
  CHECK(verdict.completeness == Completeness::error);
  if (!code.empty()) CHECK(verdict.reason == "the provider reports an error: " + code);
}

constexpr auto kDone = "[DONE]";

}  // namespace

TEST_CASE("every sample is complete, and is not when it loses its last event") {
  const std::string name = GENERATE(from_range(support::kCompleteStreams));
  INFO(name);
  const std::string stream = support::sample_stream(name);
  check_complete(stream);
  for (std::size_t size = 16; size < stream.size() / 2; size += libcache::test::kCutStep) {
    INFO("cut to " << size << " of " << stream.size());
    REQUIRE(judge_answer(stream.substr(0, size)).completeness != Completeness::complete);
  }
}

TEST_CASE("the samples that went wrong are not complete") {
  check_incomplete(support::sample_stream("openai-done-without-finish.sse"));
  check_error(support::sample_stream("anthropic-error-midway.sse"), "overloaded_error");
  check_error(support::sample_stream("openai-error.json"), "rate_limit_exceeded");
}

TEST_CASE("OpenAI: one choice ends with its finish reason, several also need [DONE]") {
  check_needs_all({kWord, kStop});
  check_complete(sse({kWord, kStop, kDone}));
  check_complete(sse({kStop, kWord, kDone}));
  check_incomplete(sse({kWord, kDone}));
  const std::string two = R"({"choices":[{"index":0,"delta":{}},{"index":1,"delta":{}}]})";
  const std::string end_of_second = R"({"choices":[{"index":1,"delta":{},"finish_reason":"length"}]})";
  check_needs_all({two, kStop, end_of_second, kDone});
  check_needs_all({two, end_of_second, kStop, kDone});
  check_incomplete(sse({R"({"choices":[],"usage":{}})", kDone}));
  check_incomplete(sse({R"({"choices":[{"index":0,"delta":{},"finish_reason":""}]})", kDone}));
}

TEST_CASE("OpenAI: without any finish_reason member only [DONE] ends the answer") {
  const std::string word =
      R"({"code":0,"message":"Success","sid":"s","choices":[{"delta":{"content":"a"},"index":0}]})";
  check_needs_all({word, word, kDone});
  check_error(sse({word, R"({"code":10907,"message":"too long","sid":"s"})", kDone}));
}

TEST_CASE("OpenAI: text completions, and lines in place of events") {
  check_needs_all({R"({"object":"text_completion","choices":[{"text":"a","index":0,"finish_reason":null}]})",
                   R"({"object":"text_completion","choices":[{"text":"","index":0,"finish_reason":"length"}]})"});
  check_needs_all({kWord, kStop}, lines_of);
}

TEST_CASE("OpenAI: a body needs a choice that has finished or has content") {
  check_complete(R"({"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]})");
  check_complete(R"({"choices":[{"message":{"content":"a"},"finish_reason":null}]})");
  check_complete(R"({"choices":[{"message":{"content":null,"tool_calls":[{"id":"c"}]},"finish_reason":null}]})");
  check_complete(R"({"choices":[{"message":{"content":"a"}}]})");
  check_complete(R"({"choices":[{"text":"a","finish_reason":null}]})");
  check_incomplete(R"({"choices":[{"message":{"content":""},"finish_reason":null}]})");
  check_incomplete(R"({"choices":[{"message":{"tool_calls":[]},"finish_reason":null}]})");
  check_incomplete(R"({"choices":[]})");
  check_incomplete(R"({"id":"x","object":"chat.completion","choices":[]})");
}

TEST_CASE("OpenAI: errors in the stream") {
  check_error(sse({kWord, R"({"error":{"message":"Overloaded","code":503}})"}), "503");
  check_error(sse({kWord, R"({"error":{"message":"no","type":"server_error"}})", kStop, kDone}), "server_error");
  check_error(sse({kWord, R"({"choices":[],"x_groq":{"error":"over capacity"}})"}));
  check_error(sse({R"({"choices":[{"index":0,"delta":{},"error":{"code":502,"message":"no"}}]})", kDone}), "502");
  check_error(sse({kWord, R"({"object":"error","message":"no","type":"BadRequestError"})"}), "BadRequestError");
  check_error(sse({kWord}) + "event: error\ndata: it is broken\n\n");
  check_complete(sse({kStop, R"({"choices":[],"error":null})", kDone}));
}

TEST_CASE("finish reasons that mean failure are errors in any letter case") {
  const auto* const reason =
      GENERATE("error", "ABORT", "aborted", "Cancelled", "canceled", "network_error", "insufficient_system_resource",
               "server_error", "Timeout", "time_limit", "error_limit", "user_cancel");
  check_error(R"({"choices":[{"message":{"content":"a"},"finish_reason":")" + std::string(reason) + "\"}]}");
  check_error(sse({R"({"type":"message_delta","delta":{"stop_reason":")" + std::string(reason) + "\"}}",
                   R"({"type":"message_stop"})"}));
}

TEST_CASE("finish reasons that are normal are stored") {
  const auto* const reason =
      GENERATE("stop", "length", "tool_calls", "content_filter", "eos", "error_free", "MAX_TOKENS");
  check_complete(R"({"choices":[{"message":{"content":"a"},"finish_reason":")" + std::string(reason) + "\"}]}");
}

TEST_CASE("OpenAI responses end with completed or incomplete") {
  const std::string created = R"({"type":"response.created","response":{"status":"in_progress","error":null}})";
  const std::string delta = R"({"type":"response.output_text.delta","delta":"a"})";
  check_needs_all({created, delta, R"({"type":"response.completed","response":{"status":"completed","error":null}})"});
  check_needs_all({created, R"({"type":"response.incomplete","response":{"status":"incomplete"}})"});
  check_needs_all({created, R"({"type":"response.done","response":{"status":"incomplete"}})"});
  check_incomplete(sse({created, R"({"type":"response.done","response":{"status":"in_progress"}})"}));
  check_error(
      sse({created, R"({"type":"response.failed","response":{"status":"failed","error":{"code":"server_error"}}})"}),
      "server_error");
  check_error(sse({created, R"({"type":"response.cancelled","response":{"status":"cancelled"}})"}));
  check_error(sse({created, R"({"type":"response.done","response":{"status":"failed","error":{"code":"x"}}})"}), "x");
  check_error(sse({created, R"({"type":"error","code":"ERR_SOMETHING","message":"no","param":null})"}),
              "ERR_SOMETHING");
}

TEST_CASE("OpenAI responses: a body goes by its status") {
  check_complete(R"({"object":"response","status":"completed","error":null})");
  check_complete(R"({"object":"response","status":"incomplete"})");
  check_incomplete(R"({"object":"response","status":"in_progress","error":null})");
  check_incomplete(R"({"object":"response","status":"queued"})");
  check_error(R"({"object":"response","status":"failed","error":{"code":"server_error"}})", "server_error");
  check_complete(
      ndjson({R"({"object":"response","status":"queued"})", R"({"object":"response","status":"completed"})"}));
}

TEST_CASE("OpenAI media streams end with their last event") {
  check_needs_all(
      {R"({"type":"image_generation.partial_image","b64_json":"A"})", R"({"type":"image_generation.completed"})"});
  check_needs_all({R"({"type":"image_edit.partial_image"})", R"({"type":"image_edit.completed"})"});
  check_needs_all({R"({"type":"speech.audio.delta","audio":"A"})", R"({"type":"speech.audio.done"})"});
  check_needs_all({R"({"type":"transcript.text.delta","delta":"a"})", R"({"type":"transcript.text.done","text":"a"})"});
  check_error(sse({R"({"type":"speech.audio.delta","audio":"A"})", R"({"type":"error","error":{"code":"x"}})"}), "x");
}

TEST_CASE("OpenAI assistants: a run that completed or asks for a tool, then done") {
  const std::string created =
      "event: thread.run.created\ndata: {\"object\":\"thread.run\",\"id\":\"r\",\"status\":\"queued\"}";
  const std::string completed =
      "event: thread.run.completed\ndata: {\"object\":\"thread.run\",\"id\":\"r\",\"status\":\"completed\"}";
  const std::string action =
      "event: thread.run.requires_action\ndata: {\"object\":\"thread.run\",\"status\":\"requires_action\"}";
  check_needs_all({created, completed, "event: done\ndata: [DONE]"});
  check_needs_all({created, action, "[DONE]"});
  check_incomplete(sse_of({created, "event: done\ndata: [DONE]"}));
  for (const std::string status : {"failed", "cancelled", "expired", "incomplete"}) {
    check_error(
        sse_of({created, R"({"object":"thread.run","status":")" + status + "\"}", "event: done\ndata: [DONE]"}));
  }
  check_incomplete(R"({"object":"thread.run","id":"r","status":"in_progress"})");
  check_complete(R"({"object":"thread.run","id":"r","status":"completed"})");
}

TEST_CASE("Anthropic ends with message_stop, whatever pings come between") {
  check_needs_all({R"({"type":"message_start","message":{"stop_reason":null}})", R"({"type":"ping"})",
                   R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}})",
                   R"({"type":"message_delta","delta":{"stop_reason":"tool_use"}})", R"({"type":"message_stop"})"});
  check_error(sse({R"({"type":"message_start","message":{}})",
                   R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"}),
              "overloaded_error");
  check_complete(R"({"type":"message","role":"assistant","content":[],"stop_reason":"end_turn"})");
}

TEST_CASE("Anthropic's completions end with a stop_reason") {
  const auto completion = [](const std::string& stop_reason) {
    return R"({"type":"completion","completion":" a","stop_reason":)" + stop_reason + R"(,"model":"claude-2.1"})";
  };
  check_needs_all({completion("null"), R"({"type":"ping"})", completion("null"), completion(R"("stop_sequence")")});
  check_complete(completion(R"("max_tokens")"));
  check_error(sse({completion("null"), R"({"type":"error","error":{"type":"overloaded_error"}})"}), "overloaded_error");
}

TEST_CASE("Gemini ends with a reason for every candidate, or a blocked prompt") {
  const std::string both = R"({"candidates":[{"index":0},{"index":1}]})";
  const std::string second = R"({"candidates":[{"index":1,"finishReason":"STOP"}]})";
  const std::string first = R"({"candidates":[{"index":0,"finishReason":"MAX_TOKENS"}]})";
  check_needs_all({both, second, first});
  check_needs_all({both, second, first}, lines_of);
  check_incomplete(sse({R"({"candidates":[{"index":0,"finishReason":"FINISH_REASON_UNSPECIFIED"}]})"}));
  check_complete(sse({R"({"promptFeedback":{"blockReason":"SAFETY"}})"}));
  check_incomplete(sse({R"({"promptFeedback":{"safetyRatings":[]}})"}));
  check_incomplete(R"({"candidates":[{"content":{"parts":[]},"index":0}]})");
  check_incomplete(R"({"candidates":[{"content":{"parts":[]},"finishReason":"STOP"},{"content":{"parts":[]}}]})");
  check_error(sse({both, R"({"error":{"code":503,"message":"no","status":"UNAVAILABLE"}})"}), "503");
}

TEST_CASE("Gemini's chunks may be inside a member called response, as its Code Assist sends them") {
  check_needs_all({R"({"response":{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},"traceId":"t"})",
                   R"({"response":{"candidates":[{"content":{"parts":[]},"finishReason":"STOP"}]}})"});
  check_incomplete(R"({"response":{"candidates":[{"content":{"parts":[{"text":"a"}]},"index":0}]}})");
}

TEST_CASE("Google's interactions end with interaction.completed") {
  const std::string begun = R"({"event_type":"interaction.start","interaction":{"id":"v","status":"in_progress"}})";
  check_needs_all({begun, R"({"event_type":"content.delta","delta":{"type":"text","text":"a"}})",
                   R"({"event_type":"interaction.complete","interaction":{"id":"v","status":"completed"}})"});
  check_needs_all({begun, R"({"event_type":"interaction.completed"})"});
  check_error(sse({begun, R"({"event_type":"error","error":{"code":"x"}})"}), "x");
  check_error(sse({begun, R"({"event_type":"interaction.complete","interaction":{"status":"failed"}})"}));
  check_error(R"({"object":"interaction","id":"v","status":"cancelled"})");
  check_incomplete(R"({"object":"interaction","id":"v","status":"in_progress"})");
  check_complete(R"({"object":"interaction","id":"v","status":"completed"})");
}

TEST_CASE("Ollama ends with done") {
  check_needs_all(
      {R"({"model":"m","message":{"content":"a"},"done":false})", R"({"model":"m","message":{},"done":true})"},
      lines_of);
  check_needs_all({R"({"model":"m","response":"a","done":false})", R"({"model":"m","response":"","done":true})"},
                  lines_of);
  check_error(ndjson({R"({"model":"m","response":"a","done":false})", R"({"error":"out of memory"})"}));
}

TEST_CASE("Cohere, version 1, ends with stream-end") {
  const std::string begun = R"({"is_finished":false,"event_type":"stream-start"})";
  const std::string end = R"({"is_finished":true,"event_type":"stream-end","finish_reason":"COMPLETE"})";
  check_needs_all({begun, R"({"is_finished":false,"event_type":"text-generation","text":"a"})", end});
  check_needs_all({begun, end}, lines_of);
  for (const std::string reason : {"ERROR", "ERROR_TOXIC", "TIMEOUT", "USER_CANCEL"}) {
    check_error(sse_of({begun, R"({"is_finished":true,"event_type":"stream-end","finish_reason":")" + reason + "\"}"}));
  }
}

TEST_CASE("Cohere, version 1, gives generated texts a finish reason each") {
  const auto body = [](const std::string& reason) {
    return R"({"id":"r","generations":[{"id":"g","text":"a","finish_reason":")" + reason + R"("}],"prompt":"x"})";
  };
  check_complete(body("COMPLETE"));
  check_complete(body("MAX_TOKENS"));
  for (const auto* reason : {"ERROR", "ERROR_TOXIC", "TIMEOUT", "USER_CANCEL"}) check_error(body(reason));
}

TEST_CASE("Cohere, version 2, ends with message-end") {
  const std::string begun = R"({"type":"message-start","delta":{"message":{"role":"assistant"}}})";
  check_needs_all({begun, R"({"type":"content-delta","delta":{"message":{"content":{"text":"a"}}}})",
                   R"({"type":"message-end","delta":{"finish_reason":"COMPLETE"}})"});
  check_error(sse({begun, R"({"type":"message-end","delta":{"finish_reason":"ERROR"}})"}));
  check_error(sse({begun, R"({"type":"message-end","delta":{"error":"broken"}})"}));
}

TEST_CASE("Text Generation Inference ends with a generated_text that is not null") {
  const std::string word = R"({"token":{"text":"a","special":false},"generated_text":null})";
  check_needs_all({word, word, R"({"token":{"text":"b","special":false},"generated_text":"ab"})"});
  check_needs_all({word, R"({"token":{"text":"</s>","special":true},"generated_text":""})"});
  check_error(sse({word, R"({"error":"Request failed","error_type":"generation"})"}));
  check_complete(R"([{"generated_text":"a"}])");
}

TEST_CASE("llama.cpp ends with stop") {
  const std::string word = R"({"content":"a","stop":false,"id_slot":0})";
  check_needs_all({word, word, R"({"content":"","stop":true,"id_slot":0})"});
  check_error(sse({word}) + "error: {\"code\":500,\"message\":\"no\",\"type\":\"server_error\"}\n\n", "500");
  check_incomplete(R"({"content":"a","stop":false,"tokens_predicted":1})");
  const std::string bare = R"({"content":"a","stop":false})";
  check_needs_all({bare, bare, R"({"content":"","stop":true,"model":"m"})"});
  check_complete(bare);
}

TEST_CASE("Workers AI ends with [DONE]") {
  check_needs_all({R"({"response":"a","p":"x"})", R"({"response":""})", kDone});
  check_error(R"({"result":null,"success":false,"errors":[{"code":7009,"message":"no"}],"messages":[]})");
  check_error(sse({R"({"response":"a"})", R"({"success":false,"message":"no"})", kDone}));
  check_error(sse({R"({"response":"a"})", R"({"success":false,"errors":[{"code":3040,"message":"no"}]})", kDone}));
  check_error(sse({R"({"response":"a"})", R"({"success":false,"result":null})", kDone}));
  check_complete(R"({"result":{"response":"a"},"success":true,"errors":[],"messages":[]})");
  check_complete(R"({"response":"a"})");
  check_needs_all(
      {R"({"response":"Paragraph "})", R"({"response":5,"p":"x"})", R"({"response":null,"usage":{}})", kDone});
}

TEST_CASE("Workers AI: a result is judged by its own protocol, as if it were the body") {
  const auto in_envelope = [](const std::string& result) {
    return R"({"result":)" + result + R"(,"success":true,"errors":[],"messages":[]})";
  };
  check_complete(in_envelope(R"({"choices":[{"message":{"content":"a"},"finish_reason":null}]})"));
  check_incomplete(in_envelope(R"({"choices":[{"message":{"content":""},"finish_reason":null}]})"));
  check_error(in_envelope(R"({"choices":[{"message":{"content":"a"},"finish_reason":"error"}]})"), "error");
  check_incomplete(in_envelope(R"({"object":"response","status":"in_progress","output":[]})"));
  check_error(in_envelope(R"({"object":"response","status":"failed","error":{"code":"server_error"}})"));
  check_error(in_envelope(R"({"choices":[{"message":{"content":"a"}}],"error":{"code":5}})"), "5");
  const std::string good = in_envelope(R"({"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]})");
  check_complete(good);
  for (std::size_t size = 1; size < good.size(); ++size) check_incomplete(good.substr(0, size));
  check_error(R"({"error":"no",)" + good.substr(1));
  check_complete(in_envelope(R"({"data":[[0.1]],"shape":[1,1]})"));
}

TEST_CASE("Workers AI: an envelope with success: false is an error whatever else it holds") {
  const auto* const members =
      GENERATE(R"("result":null,"errors":[])", R"("errors":["no"],"result":null)", R"("errors":null,"result":{"a":1})",
               R"("result":null,"errors":[{"code":1000}])", R"("errors":[{"message":"no"}],"result":{"a":1})",
               R"("result":{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]},"errors":[])");
  check_error(R"({"success":false,"messages":["x"],)" + std::string(members) + "}");
  check_error(R"({"success":false,)" + std::string(members) + "}");
  check_complete(R"({"success":false,"errors":3,"result":{"score":2}})");
}

TEST_CASE("an event with a response and more than Workers AI sends is of no known protocol") {
  const auto* const event = GENERATE(R"({"response":{"text":"a"}})", R"({"response":["a"]})",
                                     R"({"model":"m","response":"a"})", R"({"response":"a","conversation":"c"})");
  check_complete(sse_of({event}));
}

TEST_CASE("ERNIE ends with is_end") {
  const std::string word = R"({"id":"a","object":"chat.completion","sentence_id":0,"is_end":false,"result":"a"})";
  check_needs_all({word, word, R"({"id":"a","sentence_id":1,"is_end":true,"result":""})"});
  check_error(sse({word, R"({"error_code":336007,"error_msg":"no","id":"a"})"}), "336007");
  check_complete(R"({"id":"a","object":"chat.completion","result":"a","need_clear_history":false})");
}

TEST_CASE("DashScope ends with a finish_reason that is not the word null") {
  const std::string word = R"({"output":{"text":"a","finish_reason":"null"},"request_id":"r"})";
  check_needs_all({word, word, R"({"output":{"text":"ab","finish_reason":"stop"},"request_id":"r"})"});
  check_needs_all({R"({"output":{"choices":[{"message":{},"finish_reason":null}]},"usage":{}})",
                   R"({"output":{"choices":[{"message":{},"finish_reason":"length"}]},"usage":{}})"});
  check_incomplete(sse({R"({"output":{"choices":[{"finish_reason":"stop"},{"finish_reason":"null"}]},"usage":{}})"}));
  check_error(sse({word, R"({"code":"InternalError","message":"no","request_id":"r"})"}), "InternalError");
}

TEST_CASE("Replicate ends with an event called done") {
  check_needs_all({"event: output\ndata: a", "event: output\ndata: {", "event: done\ndata: {}"});
  check_error(sse_of({"event: output\ndata: a", "event: done\ndata: {\"reason\":\"error\"}"}));
  check_error(sse_of({"event: output\ndata: a", "event: done\ndata: {\"reason\":\"canceled\"}"}));
  check_error(sse_of({"event: output\ndata: a", "event: error\ndata: no", "event: done\ndata: {}"}));
  check_complete(sse_of({"event: output\ndata: {\"error\":\"x\"}", "event: done\ndata: {}"}));
}

TEST_CASE("Replicate: a prediction that is not streamed is complete when it succeeded") {
  const auto prediction = [](const std::string& status, const std::string& output) {
    return R"({"id":"p","model":"a/b","output":)" + output + R"(,"error":null,"status":")" + status + R"("})";
  };
  check_complete(prediction("succeeded", R"(["Hi"," you"])"));
  check_complete(prediction("succeeded", R"("Hi")"));
  check_complete(prediction("succeeded", R"({"sum":3})"));
  check_incomplete(prediction("processing", R"(["Hi"])"));
  check_error(prediction("canceled", R"(["Hi"])"));
  check_error(R"({"id":"p","output":"Hi","error":"no","status":"succeeded"})");
}

TEST_CASE("MiniMax reports an error in the middle of a stream of OpenAI's shape") {
  const std::string failure = R"({"base_resp":{"status_code":1002,"status_msg":"rate limit"}})";
  check_error(sse({R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]})", failure}));
  check_complete(sse({R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}],)"
                      R"("base_resp":{"status_code":0}})"}));
}

TEST_CASE("a list of errors with success: false is an error in the middle of any known stream") {
  const std::string list = R"({"success":false,"errors":[{"code":1,"message":"no"}],"messages":[],"result":null})";
  check_error(sse({R"({"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]})", list,
                   R"({"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})", kDone}));
  check_error(sse({R"({"type":"message_start","message":{"role":"assistant"}})", list, R"({"type":"message_stop"})"}));
}

TEST_CASE("the AI SDK ends with finish") {
  check_needs_all({R"({"type":"start","messageId":"m"})", R"({"type":"start-step"})",
                   R"({"type":"text-delta","id":"t","delta":"a"})", R"({"type":"finish-step"})",
                   R"({"type":"finish"})"});
  check_needs_all({R"({"type":"start"})", R"({"type":"text-start","id":"t"})", R"({"type":"finish"})"});
  check_error(sse({R"({"type":"start-step"})", R"({"type":"error","errorText":"no"})"}));
  check_error(sse({R"({"type":"start-step"})", R"({"type":"abort"})", kDone}));
  check_error(sse({R"({"type":"start"})", R"({"type":"abort"})", kDone}));
  check_error(sse({R"({"type":"start"})", R"({"type":"error","errorText":"no"})", R"({"type":"finish"})", kDone}));
  check_error(sse({R"({"type":"start"})", R"({"type":"finish","finishReason":"error"})"}));
  check_complete(sse({R"({"type":"start"})", R"({"type":"error","message":"Reconnecting 1/5"})", R"({"type":"end"})"}));
  check_complete(sse({R"({"type":"start"})", R"({"type":"chunk","text":"another protocol"})", R"({"type":"end"})"}));
}

TEST_CASE("the AI SDK's first version ends with d, or with a step that called no tools") {
  check_needs_all({R"(f:{"messageId":"m"})", R"(0:"a")", R"(d:{"finishReason":"stop"})"}, lines_of);
  check_needs_all({R"(0:"a")", R"(e:{"finishReason":"stop","isContinued":false})"}, lines_of);
  check_incomplete(lines_of({R"(9:{"toolCallId":"c"})", R"(e:{"finishReason":"tool-calls"})"}));
  check_incomplete(lines_of({R"(e:{"finishReason":"stop"})", R"(0:"more")"}));
  check_error(lines_of({R"(0:"a")", R"(3:"An error occurred.")", R"(d:{"finishReason":"error"})"}));
}

TEST_CASE("Dify ends with message_end or workflow_finished") {
  const std::string word = R"({"event":"message","task_id":"t","answer":"a"})";
  check_needs_all({word, word, R"({"event":"message_end","task_id":"t","metadata":{}})"});
  check_needs_all({R"({"event":"workflow_started","task_id":"t"})", R"({"event":"text_chunk","task_id":"t","data":{}})",
                   R"({"event":"workflow_finished","task_id":"t","data":{"status":"succeeded","error":null}})"});
  for (const std::string status : {"failed", "stopped"}) {
    check_error(sse_of({word, R"({"event":"workflow_finished","task_id":"t","data":{"status":")" + status + "\"}}"}));
  }
  check_error(sse({word, R"({"event":"error","task_id":"t","status":400,"code":"x","message":"no"})"}), "x");
  check_complete(word);
}

TEST_CASE("watsonx ends with a stop_reason") {
  const std::string word = R"({"model_id":"m","results":[{"generated_text":"a","stop_reason":"not_finished"}]})";
  check_needs_all({word, word, R"({"model_id":"m","results":[{"generated_text":"","stop_reason":"EOS_TOKEN"}]})"});
  check_error(sse({word, R"({"errors":[{"code":"x","message":"no"}],"trace":"t"})"}));
  check_error(sse({word, R"({"results":[{"generated_text":"","stop_reason":"time_limit"}]})"}), "time_limit");
}

TEST_CASE("Mistral's conversations end with conversation.response.done") {
  const std::string begun = R"({"type":"conversation.response.started","conversation_id":"c"})";
  check_needs_all({begun, R"({"type":"message.output.delta","content":"a"})",
                   R"({"type":"conversation.response.done","usage":{"prompt_tokens":1}})"});
  check_error(sse({begun, R"({"type":"conversation.response.error","code":500,"message":"no"})"}), "500");
}

TEST_CASE("Coze ends with an event called done") {
  const std::string begun = "event:conversation.chat.created\ndata:{\"id\":\"7\",\"status\":\"created\"}";
  check_needs_all({begun, "event:conversation.message.delta\ndata:{\"type\":\"answer\",\"content\":\"a\"}",
                   "event:conversation.chat.completed\ndata:{\"id\":\"7\",\"status\":\"completed\"}",
                   "event:done\ndata:\"[DONE]\""});
  check_error(sse_of({begun, "event:conversation.chat.failed\ndata:{\"id\":\"7\",\"status\":\"failed\"}",
                      "event:done\ndata:\"[DONE]\""}));
  check_error(sse_of({begun, "event:error\ndata:{\"code\":4000,\"msg\":\"no\"}"}));
}

TEST_CASE("a stream of an unknown protocol is complete with a whole last event") {
  check_complete(sse({R"({"word":"a"})"}));
  check_complete(sse({R"({"word":"a"})", kDone}));
  check_complete(sse({"hello", "world"}));
  check_complete(ndjson({R"({"word":"a"})", R"({"word":"b"})"}));
  check_incomplete(sse({"hello"}) + "data: wor");
  check_incomplete(ndjson({R"({"word":"a"})", R"({"word":"b")"}));
}

TEST_CASE("an error that comes before the first event of a known protocol counts") {
  const auto* const error = GENERATE(R"(data: {"error":"boom"})", R"(data: {"error":{"message":"boom","code":null}})",
                                     R"(data: {"type":"error","message":"boom"})", "event: error\ndata: boom",
                                     R"(error: {"message":"boom"})");
  INFO(error);
  const std::string first = std::string(error) + "\n\n";
  check_error(first + sse({R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})", kDone}));
  check_error(first + sse({R"({"type":"message_start","message":{"role":"a"}})", R"({"type":"message_stop"})"}));
  check_complete(first + sse({R"({"word":"a"})"}));
}

TEST_CASE("an error of an unknown stream needs a code and a message") {
  check_error("data: {\"a\":1}\n\nerror: {\"code\":500,\"message\":\"boom\"}\n\ndata: {\"b\":2}\n\n");
  check_complete("data: {\"a\":1}\n\nerror: {\"message\":\"slow\"}\n\ndata: {\"b\":2}\n\n");
  check_error("data: {\"a\":1}\ndata: {\"a\":2}\nerror: {\"code\":500,\"message\":\"boom\"}\n");
}

TEST_CASE("an unknown stream must not end with null") {
  check_error("data: null\n\n");
  check_error("data: {\"a\":1}\n\ndata: null\n\n");
  check_complete("data: null\n\ndata: {\"a\":1}\n\n");
}

TEST_CASE("a reason never repeats the provider's message") {
  const std::string secret = R"({"error":{"type":"the prompt was: secret","code":"x\u001b[31m"}})";
  CHECK(judge_answer(sse({secret})).reason == "the provider reports an error");
  CHECK(judge_answer(secret).reason == "the provider reports an error");
}

TEST_CASE("an event that is cut in the middle of a stream is missing from it, unless it is a model's text") {
  check_incomplete(sse({kWord, R"({"choices":[{"index":0,"delta":{"con)", kStop, kDone}));
  check_incomplete(sse({R"({"choices":[{"index":0,"delta":{"con)", kWord, kStop, kDone}));
  check_incomplete(sse({R"({"type":"message_start","message":{}})", R"({"type":"content_block_delta","del)",
                        R"({"type":"message_stop"})"}));
  check_complete("event: output\ndata: {\n\nevent: output\ndata: [\"\n\nevent: done\ndata: {}\n\n");
  check_complete(sse({"{", "\"a\"", "[", "}"}));
}

TEST_CASE("a second message that was cut is not completed by the first") {
  const Events message = {R"({"type":"message_start","message":{}})", R"({"type":"message_stop"})"};
  check_complete(sse_of(message) + sse_of(message));
  check_incomplete(sse_of(message) + sse_of({message[0]}));
}

TEST_CASE("only what a generation alone has makes an answer one of Gemini's") {
  check_complete(R"({"embedding":{"values":[0.1]},"usageMetadata":{"promptTokenCount":2},"truncated":false})");
  check_complete(R"({"name":"cachedContents/1","model":"m","usageMetadata":{"totalTokenCount":9}})");
  check_incomplete(R"({"usageMetadata":{"promptTokenCount":2},"modelVersion":"m"})");
}

TEST_CASE("a workflow of Dify that was stopped is an error in any form") {
  const auto body = [](const std::string& status) {
    return fmt::format(R"({{"workflow_run_id":"r","task_id":"t","data":{{"id":"r","workflow_id":"w","status":"{}",)"
                       R"("outputs":{{"text":"Hi"}}}}}})",
                       status);
  };
  check_complete(body("succeeded"));
  check_complete(body("partial-succeeded"));
  check_error(body("stopped"), "stopped");
  check_error(body("failed"), "failed");
  check_incomplete(body("running"));
}

TEST_CASE("an update that says that an interaction failed is an error") {
  const std::string created = R"({"event_type":"interaction.created","interaction":{"status":"in_progress"}})";
  for (const std::string status : {"failed", "cancelled"}) {
    check_error(sse({created, fmt::format(R"({{"event_type":"interaction.status_update","status":"{}"}})", status)}));
  }
}

TEST_CASE("a failure of DashScope is one whatever else it has") {
  for (const char* const members : {R"("output":null,"usage":null)", R"("output":{})", R"("usage":null)"}) {
    INFO(members);
    CHECK(support::judge(R"({"status_code":400,"request_id":"r","code":"InvalidParameter","message":"x",)" +
                         std::string(members) + "}") == Completeness::error);
  }
}
