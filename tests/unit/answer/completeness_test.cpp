// Which streams may be stored, protocol by protocol.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "support/streams.h"

using namespace libcache;
using support::ndjson;
using support::sse;

namespace {

// Whole it is complete; cut anywhere before the end of its last event's data it is not.
void check_complete(const std::string& stream) {
  CHECK(judge_answer(stream).reason.empty());
  CHECK(judge_answer(stream).completeness == Completeness::complete);
  const std::size_t end = stream.find_last_not_of("\r\n") + 1;
  CHECK(judge_answer(stream.substr(0, end)).completeness == Completeness::complete);
  for (std::size_t size = 0; size < end; ++size) {
    INFO("cut to " << size << " of " << stream.size());
    REQUIRE(judge_answer(stream.substr(0, size)).completeness != Completeness::complete);
  }
}

void check_incomplete(const std::string& stream, const std::string& reason) {
  const Verdict verdict = judge_answer(stream);
  CHECK(verdict.completeness == Completeness::incomplete);
  CHECK(verdict.reason == reason);
}

void check_error(const std::string& stream, const std::string& reason) {
  const Verdict verdict = judge_answer(stream);
  CHECK(verdict.completeness == Completeness::error);
  CHECK(verdict.reason == reason);
}

constexpr auto kStop = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";
constexpr auto kWord = R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]})";
constexpr auto kDone = "[DONE]";

}  // namespace

TEST_CASE("every sample is complete, and is not when it is cut") {
  const std::string name = GENERATE(from_range(support::kCompleteStreams));
  INFO(name);
  check_complete(support::sample_stream(name));
}

TEST_CASE("the samples that went wrong are not complete") {
  check_incomplete(support::sample_stream("openai-done-without-finish.sse"), "choice 0 has no finish_reason");
  check_error(support::sample_stream("anthropic-error-midway.sse"), "the provider reports an error: overloaded_error");
  check_error(support::sample_stream("openai-error.json"), "the provider reports an error: rate_limit_exceeded");
}

TEST_CASE("OpenAI completions end with a reason for every choice and [DONE]") {
  check_complete(sse({kWord, kStop, kDone}));
  check_incomplete(sse({kWord, kDone}), "choice 0 has no finish_reason");
  check_incomplete(sse({kWord, kStop}), "the stream ended without data: [DONE]");
  check_incomplete(sse({R"({"choices":[{"index":0},{"index":1,"text":""}]})", kStop, kDone}),
                   "choice 1 has no finish_reason");
  check_incomplete(sse({R"({"choices":[]})", kDone}), "the stream ended without any choice");
}

TEST_CASE("a finish reason that is empty is none") {
  check_incomplete(sse({R"({"choices":[{"index":0,"delta":{},"finish_reason":""}]})", kDone}),
                   "choice 0 has no finish_reason");
}

TEST_CASE("a chunk without choices changes nothing") {
  check_complete(sse({R"({"choices":[],"prompt_filter_results":[]})", kWord, kStop,
                      R"({"choices":[],"usage":{"prompt_tokens":1}})", kDone}));
}

TEST_CASE("a choice may say its reason before its last words") {
  check_complete(sse({kStop, kWord, kDone}));
}

TEST_CASE("text completions are judged as chats are") {
  check_complete(
      sse({R"({"object":"text_completion","choices":[{"text":"a","index":0,"finish_reason":null}]})",
           R"({"object":"text_completion","choices":[{"text":"","index":0,"finish_reason":"length"}]})", kDone}));
}

TEST_CASE("responses end with response.completed or response.incomplete") {
  const auto created = R"({"type":"response.created","response":{"status":"in_progress"}})";
  check_complete(sse({created, R"({"type":"response.completed","response":{"status":"completed","error":null}})"}));
  check_complete(sse({created, R"({"type":"response.incomplete","response":{"status":"incomplete",)"
                               R"("incomplete_details":{"reason":"max_output_tokens"}}})"}));
  check_incomplete(sse({created, R"({"type":"response.output_text.done","text":"a"})"}),
                   "the stream ended without response.completed");
}

TEST_CASE("a failed response is an error") {
  const auto created = R"({"type":"response.created","response":{"status":"in_progress"}})";
  check_error(sse({created, R"({"type":"response.failed","response":{"status":"failed",)"
                            R"("error":{"code":"server_error","message":"no"}}})"}),
              "the provider reports an error: server_error");
  check_error(sse({created, R"({"type":"error","code":"ERR_SOMETHING","message":"no","param":null})"}),
              "the provider reports an error: ERR_SOMETHING");
}

TEST_CASE("a message ends with message_stop, whatever pings come between") {
  check_complete(
      "event: ping\ndata: {\"type\":\"ping\"}\n\n"
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"stop_reason\":null}}\n\n"
      "event: ping\ndata: {\"type\": \"ping\"}\n\n"
      "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"}}\n\n"
      "event: ping\ndata: {\"type\": \"ping\"}\n\n"
      "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
  check_incomplete(sse({R"({"type":"message_start","message":{}})",
                        R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})"}),
                   "the stream ended without message_stop");
}

TEST_CASE("Gemini ends with a reason for every candidate") {
  check_complete(
      sse({R"({"candidates":[{"index":0},{"index":1}]})", R"({"candidates":[{"index":1,"finishReason":"STOP"}]})",
           R"({"candidates":[{"index":0,"finishReason":"MAX_TOKENS"}]})"}));
  check_complete(sse({R"({"candidates":[{"content":{}}]})", R"({"candidates":[{"finishReason":"STOP"}]})"}));
  check_incomplete(sse({R"({"candidates":[{"index":0,"finishReason":"STOP"},{"index":1}]})"}),
                   "candidate 1 has no finishReason");
  check_incomplete(sse({R"({"candidates":[{"finishReason":"FINISH_REASON_UNSPECIFIED"}]})"}),
                   "candidate 0 has no finishReason");
}

TEST_CASE("Gemini has no candidates for a prompt that it blocks") {
  check_complete(sse({R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4}})"}));
  check_incomplete(sse({R"({"promptFeedback":{"safetyRatings":[]}})"}), "the stream ended without any candidate");
}

TEST_CASE("Ollama ends with done") {
  check_complete(ndjson({R"({"message":{"content":"a"},"done":false})", R"({"message":{},"done":true})"}));
  check_complete(ndjson({R"({"response":"a","done":false})", R"({"response":"","done":true})"}));
  check_incomplete(ndjson({R"({"response":"a","done":false})", R"({"response":"b","done":false})"}),
                   "the stream ended without \"done\": true");
  check_incomplete(ndjson({R"({"response":"a","done":false})"}), "the answer says that it is not finished");
}

TEST_CASE("an error in any event is an error of the stream") {
  const std::string reason = "the provider reports an error";
  check_error(sse({kWord, R"({"error":{"message":"Overloaded","code":503}})"}), reason + ": 503");
  check_error(sse({kWord, R"({"error":{"message":"no","type":"server_error"}})", kStop, kDone}),
              reason + ": server_error");
  check_error(sse({kWord, R"({"error":"out of memory"})", kDone}), reason);
  check_error(sse({R"({"error":{"code":503,"message":"no","status":"UNAVAILABLE"}})"}), reason + ": 503");
  check_error(sse({R"({"choices":[{"index":0,"finish_reason":"error"}]})", kDone}), reason);
  check_error(sse({kWord, R"({"choices":[],"x_groq":{"error":"over capacity"}})"}), reason);
  check_error(sse({R"({"object":"error","message":"no","type":"BadRequestError"})"}), reason + ": BadRequestError");
  check_error("event: error\ndata: it is broken\n\n", reason);
  check_error(ndjson({R"({"response":"a","done":false})", R"({"error":"out of memory"})"}), reason);
}

TEST_CASE("an error member that holds none is no error") {
  const auto* const none = GENERATE("null", "false", "\"\"");
  check_complete(sse({kStop, R"({"choices":[],"error":)" + std::string(none) + "}", kDone}));
}

TEST_CASE("a reason never repeats what the provider wrote for people") {
  check_error(sse({R"({"error":{"type":"the prompt was: secret","code":"x\u001b[31m"}})"}),
              "the provider reports an error");
}

TEST_CASE("a stream of an unknown protocol is complete with a whole last event") {
  check_complete(sse({R"({"token":"a"})"}));
  CHECK(judge_answer(sse({R"({"token":"a"})", kDone})).completeness == Completeness::complete);
  CHECK(judge_answer(sse({"hello", "world"})).completeness == Completeness::complete);
  CHECK(judge_answer("data: hello\r\r").completeness == Completeness::complete);
  CHECK(judge_answer(ndjson({R"({"token":"a"})", R"({"token":"b"})"})).completeness == Completeness::complete);
  check_incomplete(sse({"hello"}) + "data: wor", "the stream ended inside an event");
  check_incomplete(sse({R"({"token":"a"})"}) + "data: {\"token\"", "the stream ended inside an event");
  check_incomplete(sse({R"({"token":"a"})", R"({"token":)"}), "the stream ended inside an event");
  check_incomplete(ndjson({R"({"token":"a"})", R"({"token":"b")"}), "the stream ended inside an event");
}

TEST_CASE("a stream of comments or [DONE] alone is not complete") {
  check_incomplete(sse({kDone}), "the stream ended before its first event");
  check_incomplete(": ping\n\n: ping\n\n", "the stream ended before its first event");
  check_incomplete("event: ping\n\n", "the stream ended before its first event");
  check_incomplete("\n\n", "the stream ended before its first event");
}

TEST_CASE("a comment or a blank line behind the last event changes nothing") {
  const auto* const rest = GENERATE("\n", "\n\n", ": bye", ": bye\n\n", "event: ping\ndata: {\"type\":\"ping\"}\n\n");
  CHECK(judge_answer(sse({kStop, kDone}) + rest).completeness == Completeness::complete);
}

TEST_CASE("one body in answer to a request for a stream is judged as a body") {
  const std::string body = support::sample_stream("openai-chat.json");
  CHECK(judge_answer(body).completeness == Completeness::complete);
  CHECK(judge_answer("{\n  \"choices\": [\n    {}\n  ]\n}\n").completeness == Completeness::complete);
  CHECK(judge_answer("{\n  \"choices\": [\n    {}\n  ]\n").completeness == Completeness::incomplete);
  CHECK(judge_answer("{\n  \"error\": {}\n}\n").completeness == Completeness::error);
  CHECK(judge_answer("[{\"candidates\":[{\"finishReason\":\"STOP\"}]}\n").completeness == Completeness::incomplete);
  for (std::size_t size = 0; size < body.size(); ++size) {
    REQUIRE(judge_answer(body.substr(0, size)).completeness != Completeness::complete);
  }
}
