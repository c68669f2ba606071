#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "support/streams.h"

using namespace libcache;
using support::ndjson;
using support::sample_stream;
using support::sse;

namespace {

std::string text(std::string_view stream) {
  TextExtractor extractor;
  std::string text;
  const Answer answer = support::record(stream);
  if (answer.kind == EntryKind::response) return extractor.feed(answer.body);
  for (const Chunk& chunk : answer.recording.chunks()) text += extractor.feed(chunk.bytes);
  return text;
}

constexpr std::string_view kText =
    "Caching pays twice: the second caller waits microseconds, and nobody pays for the same tokens again — naïve but "
    "true "
    "😀.";

}  // namespace

TEST_CASE("the text of a sample is its answer, as one who reads it would see it") {
  CHECK(text(sample_stream("openai-chat.sse")) == kText);
  CHECK(text(sample_stream("openai-comments-and-multiline.sse")) == kText);
  const std::string spaced = std::string(kText) + " ";
  CHECK(text(sample_stream("openai-responses.sse")) == spaced);
  CHECK(text(sample_stream("anthropic-messages.sse")) == spaced);
  CHECK(text(sample_stream("gemini.sse")) == spaced);
  CHECK(text(sample_stream("ollama-chat.ndjson")) == spaced);
}

TEST_CASE("each chunk gives the text that it adds") {
  TextExtractor extractor;
  CHECK(extractor.feed(": ping\n\n").empty());
  CHECK(extractor.feed(sse({R"({"choices":[{"delta":{"role":"assistant","content":""}}]})"})).empty());
  CHECK(extractor.feed(sse({R"({"choices":[{"delta":{"content":"one\n\u00e9"}}]})"})) == "one\né");
  CHECK(extractor.feed(sse({R"({"choices":[{"delta":{"content":" two"}}]})"})) == " two");
  CHECK(extractor.feed(sse({R"({"choices":[{"delta":{},"finish_reason":"stop"}]})"})).empty());
  CHECK(extractor.feed(sse({"[DONE]"})).empty());
}

TEST_CASE("of several choices a reader sees the first") {
  CHECK(text(sample_stream("openai-two-choices.sse")) == "Heads");
  CHECK(text(sse({R"({"candidates":[{"index":1,"content":{"parts":[{"text":"b"}]}}]})",
                  R"({"candidates":[{"index":0,"content":{"parts":[{"text":"a"}]}}]})"})) == "a");
}

TEST_CASE("tool calls and reasoning are no text") {
  CHECK(text(sample_stream("openai-tools.sse")).empty());
  CHECK(text(sse({R"({"choices":[{"delta":{"reasoning_content":"hm"}}]})"})).empty());
  CHECK(text(sse({R"({"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}})",
                  R"({"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{}"}})"}))
            .empty());
  CHECK(text(sse({R"({"type":"response.reasoning_text.delta","delta":"hm"})",
                  R"({"type":"response.function_call_arguments.delta","delta":"{}"})"}))
            .empty());
  CHECK(text(sse({R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"a"}]}}]})"})) == "a");
  CHECK(text(ndjson({R"({"message":{"thinking":"hm","content":""},"done":false})"})).empty());
}

TEST_CASE("other shapes of the same protocols") {
  CHECK(text(sse({R"({"choices":[{"text":"a","index":0}]})"})) == "a");
  CHECK(text(sse({R"({"choices":[{"delta":{"refusal":"I cannot"}}]})"})) == "I cannot");
  CHECK(text(sse({R"({"choices":[{"delta":{"content":[{"type":"thinking"},{"type":"text","text":"a"}]}}]})"})) == "a");
  CHECK(text(sse({R"({"type":"response.refusal.delta","delta":"I cannot"})"})) == "I cannot");
  CHECK(text(sse({R"({"type":"content_block_start","content_block":{"type":"text","text":"a"}})"})) == "a");
  CHECK(text(ndjson({R"({"response":"a","done":false})", R"({"response":"b","done":true})"})) == "ab");
}

TEST_CASE("a stream without framing is text as it is") {
  TextExtractor extractor;
  CHECK(extractor.feed("da").empty());
  CHECK(extractor.feed("y by day") == "day by day");
  CHECK(extractor.feed("\n") == "\n");
}

TEST_CASE("events of no known protocol have no text") {
  CHECK(text(sse({"hello", R"({"token":"a"})"})).empty());
}
