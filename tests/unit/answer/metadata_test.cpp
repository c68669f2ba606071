// The metadata of answers, streamed and not.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "support/streams.h"

using namespace libcache;
using support::ndjson;
using support::sample_stream;
using support::sse;

namespace {

// A stream's metadata without the times that its recorder took.
Metadata of_stream(std::string_view stream) {
  Metadata metadata = judge_answer(stream).metadata;
  metadata.origin_first_chunk.reset();
  metadata.origin_total.reset();
  return metadata;
}

Metadata of_response(std::string_view body) {
  return judge_answer(body).metadata;
}

struct Tokens {
  std::optional<std::int64_t> prompt, completion, cached, reasoning;
};

Metadata metadata(std::string model, std::string finish_reason, const Tokens& tokens) {
  Metadata metadata;
  metadata.model = std::move(model);
  metadata.finish_reason = std::move(finish_reason);
  metadata.prompt_tokens = tokens.prompt;
  metadata.completion_tokens = tokens.completion;
  metadata.cached_tokens = tokens.cached;
  metadata.reasoning_tokens = tokens.reasoning;
  return metadata;
}

}  // namespace

TEST_CASE("the samples' metadata") {
  const Metadata chat = metadata("gpt-4o-mini-2024-07-18", "stop", {19, 27, 0, 0});
  CHECK(of_stream(sample_stream("openai-chat.sse")) == chat);
  CHECK(of_stream(sample_stream("openai-tools.sse")) == metadata("gpt-4o-mini-2024-07-18", "tool_calls", {}));
  CHECK(of_stream(sample_stream("openai-two-choices.sse")) == metadata("gpt-4o-mini-2024-07-18", "stop", {}));
  CHECK(of_stream(sample_stream("openai-responses.sse")) ==
        metadata("gpt-4.1-2025-04-14", "completed", {19, 27, {}, {}}));
  CHECK(of_stream(sample_stream("anthropic-messages.sse")) ==
        metadata("claude-sonnet-4-20250514", "end_turn", {25, 27, {}, {}}));
  CHECK(of_stream(sample_stream("gemini.sse")) == metadata("gemini-2.0-flash", "STOP", {19, 27, {}, {}}));
  CHECK(of_stream(sample_stream("ollama-chat.ndjson")) == metadata("llama3.2", "stop", {26, 27, {}, {}}));
  const Metadata body = metadata("gpt-4o-mini-2024-07-18", "stop", {19, 27, {}, {}});
  CHECK(of_response(sample_stream("openai-chat.json")) == body);
  CHECK(of_stream(sample_stream("openai-chat.json")) == body);
}

TEST_CASE("the metadata from before the stream broke is kept") {
  CHECK(of_stream(sample_stream("anthropic-error-midway.sse")) ==
        metadata("claude-sonnet-4-20250514", "", {25, 1, {}, {}}));
}

TEST_CASE("OpenAI counts cached and reasoning tokens in details") {
  CHECK(of_response(R"({"model":"gpt-5","choices":[{"finish_reason":"length"}],"usage":{"prompt_tokens":100,)"
                    R"("completion_tokens":50,"prompt_tokens_details":{"cached_tokens":64},)"
                    R"("completion_tokens_details":{"reasoning_tokens":32}}})") ==
        metadata("gpt-5", "length", {100, 50, 64, 32}));
  CHECK(of_response(R"({"object":"response","model":"gpt-5","status":"incomplete",)"
                    R"("incomplete_details":{"reason":"max_output_tokens"},"usage":{"input_tokens":100,)"
                    R"("input_tokens_details":{"cached_tokens":64},"output_tokens":50,)"
                    R"("output_tokens_details":{"reasoning_tokens":32}}})") ==
        metadata("gpt-5", "max_output_tokens", {100, 50, 64, 32}));
}

TEST_CASE("providers with OpenAI's format report usage in other places") {
  CHECK(of_stream(sse({R"({"choices":[],"x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":4}}})", "[DONE]"})) ==
        metadata("", "", {3, 4, {}, {}}));
  CHECK(of_response(R"({"choices":[],"usage":{"prompt_tokens":3,"prompt_cache_hit_tokens":2}})") ==
        metadata("", "", {3, {}, 2, {}}));
  CHECK(of_stream(sse({R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop",)"
                       R"("usage":{"prompt_tokens":3,"completion_tokens":4}}]})",
                       "[DONE]"})) == metadata("", "stop", {3, 4, {}, {}}));
}

TEST_CASE("Bedrock's models report usage and reasons in their own members") {
  CHECK(of_response(R"({"generation":"a","prompt_token_count":3,"generation_token_count":4,"stop_reason":"length"})") ==
        metadata("", "length", {3, 4, {}, {}}));
  CHECK(of_response(R"({"inputTextTokenCount":3,"results":[{"outputText":"a","completionReason":"LENGTH"}]})") ==
        metadata("", "LENGTH", {3, {}, {}, {}}));
}

TEST_CASE("Anthropic counts at the start and again at the end") {
  CHECK(of_stream(sse({R"({"type":"message_start","message":{"model":"claude","usage":{"input_tokens":9,)"
                       R"("cache_read_input_tokens":7,"output_tokens":1}}})",
                       R"({"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":64}})",
                       R"({"type":"message_stop"})"})) == metadata("claude", "max_tokens", {9, 64, 7, {}}));
  CHECK(of_response(R"({"type":"message","role":"assistant","model":"claude","stop_reason":"refusal",)"
                    R"("usage":{"input_tokens":9,"output_tokens":64}})") ==
        metadata("claude", "refusal", {9, 64, {}, {}}));
}

TEST_CASE("Gemini counts thoughts and cached content") {
  CHECK(of_response(R"({"candidates":[{"finishReason":"MAX_TOKENS"}],"modelVersion":"gemini-2.5-pro","usageMetadata":)"
                    R"({"promptTokenCount":9,"candidatesTokenCount":8,"cachedContentTokenCount":7,)"
                    R"("thoughtsTokenCount":6}})") == metadata("gemini-2.5-pro", "MAX_TOKENS", {9, 8, 7, 6}));
  CHECK(of_response(R"([{"candidates":[{}],"modelVersion":"gemini"},{"candidates":[{"finishReason":"STOP"}]}])") ==
        metadata("gemini", "STOP", {}));
  CHECK(of_stream(sse({R"({"promptFeedback":{"blockReason":"SAFETY"}})"})).finish_reason == "SAFETY");
}

TEST_CASE("Ollama counts in its last line") {
  CHECK(of_stream(ndjson({R"({"model":"llama3.2","response":"a","done":false})",
                          R"({"model":"llama3.2","response":"","done":true,"done_reason":"length",)"
                          R"("prompt_eval_count":5,"eval_count":6})"})) ==
        metadata("llama3.2", "length", {5, 6, {}, {}}));
}

TEST_CASE("an answer of several choices has each finish reason once") {
  const auto body = R"({"choices":[{"index":0,"finish_reason":"stop"},{"index":1,"finish_reason":"length"},)"
                    R"({"index":2,"finish_reason":"stop"}]})";
  CHECK(of_response(body).finish_reason == "stop,length");
}

TEST_CASE("names and counts that make no sense are left out") {
  const std::string name(1000, 'x');
  CHECK(of_response(R"({"choices":[{"finish_reason":")" + name + R"("}],"model":")" + name +
                    R"(","usage":{"prompt_tokens":1.5,"completion_tokens":99999999999999999999}})") == Metadata());
}

TEST_CASE("a finish reason matches the provider's word and OpenAI's word") {
  const auto ended = [](std::string reasons, std::string_view reason) {
    return has_finish_reason(metadata("", std::move(reasons), {}), reason);
  };
  CHECK(ended("length", "length"));
  CHECK(ended("max_tokens", "max_tokens"));
  CHECK(ended("max_tokens", "length"));
  CHECK(ended("MAX_TOKENS", "length"));
  CHECK(ended("SAFETY", "content_filter"));
  CHECK(ended("refusal", "content_filter"));
  CHECK(ended("sensitive", "content_filter"));
  CHECK(ended("FINISHED", "stop"));
  CHECK(ended("tool_use", "tool_calls"));
  CHECK(ended("end_turn", "stop"));
  CHECK(ended("stop,length", "length"));
  CHECK_FALSE(ended("stop", "length"));
  CHECK_FALSE(ended("stop", "max_tokens"));
  CHECK_FALSE(ended("", "stop"));
  CHECK_FALSE(ended("stop", ""));
}

TEST_CASE("a reason that is not called finish_reason is known too") {
  const auto reason_of = [](const std::string& body) { return of_response(body).finish_reason; };
  CHECK(reason_of(R"({"content":"a","stop":true,"tokens_predicted":1,"stop_type":"limit"})") == "limit");
  CHECK(reason_of(R"({"content":"a","stop":true,"tokens_predicted":1,"stopped_limit":true})") == "limit");
  CHECK(reason_of(R"({"outputs":[{"text":"a","stop_reason":"length"}]})") == "length");
  CHECK(reason_of(R"({"promptFeedback":{"blockReason":"OTHER"}})") == "OTHER,content_filter");
}

TEST_CASE("model and usage are read wherever an answer has them") {
  CHECK(of_response(R"({"object":"list","data":[],"model":"embed","usage":{"prompt_tokens":5,"total_tokens":5}})") ==
        metadata("embed", "", {5, {}, {}, {}}));
  CHECK(of_response(R"({"id":"modr","model":"moderation","results":[{"flagged":false}]})").model == "moderation");
  CHECK(of_response(R"({"model":"rerank","results":[{"index":0}],"usage":{"input_tokens":7}})") ==
        metadata("rerank", "", {7, {}, {}, {}}));
  CHECK(of_response(R"({"id":"e","embeddings":[[1]],"meta":{"billed_units":{"input_tokens":7}}})") ==
        metadata("", "", {7, {}, {}, {}}));
  CHECK(of_stream(sse({R"({"word":"a","model":"m"})", R"({"usage":{"promptTokens":1,"completionTokens":2}})"})) ==
        metadata("m", "", {1, 2, {}, {}}));
  CHECK(of_stream(sse({R"({"model_id":"granite","results":[{"generated_text":"a","stop_reason":"eos_token",)"
                       R"("input_token_count":3,"generated_token_count":4}]})"})) ==
        metadata("granite", "eos_token", {3, 4, {}, {}}));
}

TEST_CASE("what a Workers AI envelope holds has the metadata of its own protocol") {
  const auto of_result = [](const std::string& result) {
    return of_response(R"({"result":)" + result + R"(,"success":true,"errors":[],"messages":[]})");
  };
  CHECK(of_result(R"({"model":"@cf/x","choices":[{"message":{"content":"a"},"finish_reason":"length"}],)"
                  R"("usage":{"prompt_tokens":3,"completion_tokens":4}})") ==
        metadata("@cf/x", "length", {3, 4, {}, {}}));
  CHECK(of_result(R"({"object":"response","model":"@cf/y","status":"completed","usage":{"input_tokens":3}})") ==
        metadata("@cf/y", "completed", {3, {}, {}, {}}));
  CHECK(of_result(R"({"response":"a","tool_calls":[],"usage":{"prompt_tokens":3,"completion_tokens":4}})") ==
        metadata("", "", {3, 4, {}, {}}));
}

TEST_CASE("answers that are not streamed have metadata where their provider puts it") {
  CHECK(of_response(R"({"id":"p","model":"a/b","output":["Hi"],"status":"succeeded",)"
                    R"("metrics":{"predict_time":0.5,"input_token_count":3,"output_token_count":4}})") ==
        metadata("a/b", "", {3, 4, {}, {}}));
  CHECK(of_response(R"({"object":"conversation.response","outputs":[{"type":"tool.execution"},)"
                    R"({"type":"message.output","model":"mm","content":"A"}],"usage":{"prompt_tokens":3}})") ==
        metadata("mm", "", {3, {}, {}, {}}));
  CHECK(of_response(R"({"type":"completion","completion":" a","stop_reason":"stop_sequence","model":"claude-2.1"})") ==
        metadata("claude-2.1", "stop_sequence", {}));
}

TEST_CASE("a count of tokens is read from answers of any kind, at the top level too") {
  CHECK(of_response(R"({"model":"m","embeddings":[[0.1]],"prompt_eval_count":7})").prompt_tokens == 7);
  CHECK(of_response(R"({"embedding":[0.1],"inputTextTokenCount":8})").prompt_tokens == 8);
  CHECK(of_response(R"({"input_tokens":2095})").prompt_tokens == 2095);
  CHECK(of_response(R"({"code":0,"data":{"id":"1","status":"completed","usage":{"input_count":3}}})").prompt_tokens ==
        3);
  const Metadata embeddings =
      of_response(R"({"model_id":"slate","results":[{"embedding":[0.1]}],"input_token_count":9})");
  CHECK(embeddings.model == "slate");
  CHECK(embeddings.prompt_tokens == 9);
}

TEST_CASE("a count of 0 in a later event does not replace a real one") {
  const Metadata counted =
      of_stream(sse({R"({"type":"message_start","message":{"usage":{"input_tokens":10,"output_tokens":1}}})",
                     R"({"type":"message_delta","delta":{},"usage":{"input_tokens":0,"output_tokens":5}})",
                     R"({"type":"message_stop"})"}));
  CHECK(counted.prompt_tokens == 10);
  CHECK(counted.completion_tokens == 5);
}

TEST_CASE("a finish reason of Bedrock's choices is read from bodies and streams") {
  CHECK(of_response(R"({"choices":[{"text":"Hi","stop_reason":"length"}]})").finish_reason == "length");
  CHECK(of_response(R"({"choices":[{"message":{"content":"Hi"},"stop_reason":"stop"}]})").finish_reason == "stop");
}
