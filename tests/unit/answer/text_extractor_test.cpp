#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "support/streams.h"

using namespace libcache;
using support::ndjson;
using support::sample_stream;
using support::sse;

namespace {

std::string text(std::string_view bytes) {
  TextExtractor extractor;
  const Answer answer = support::record(bytes);
  std::string text;
  if (answer.kind == EntryKind::response) text = extractor.feed(answer.body);
  for (const Chunk& chunk : answer.recording.chunks()) text += extractor.feed(chunk.bytes);
  return text + extractor.finish();
}

constexpr std::string_view kText =
    "Caching pays twice: the second caller waits microseconds, and nobody pays for the same tokens again — naïve but "
    "true "
    "😀.";

}  // namespace

TEST_CASE("the text of a sample is the answer that its reader would see") {
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

TEST_CASE("of several choices the text is that of the first") {
  CHECK(text(sample_stream("openai-two-choices.sse")) == "Heads");
  CHECK(text(sse({R"({"candidates":[{"index":1,"content":{"parts":[{"text":"b"}]}}]})",
                  R"({"candidates":[{"index":0,"content":{"parts":[{"text":"a"}]}}]})"})) == "a");
}

TEST_CASE("tool calls and reasoning are not part of the text") {
  CHECK(text(sample_stream("openai-tools.sse")).empty());
  CHECK(text(sse({R"({"choices":[{"delta":{"reasoning_content":"hm"}}]})"})).empty());
  CHECK(text(sse({R"({"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}})",
                  R"({"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{}"}})"}))
            .empty());
  CHECK(text(sse({R"({"type":"response.reasoning_text.delta","delta":"hm"})",
                  R"({"type":"response.function_call_arguments.delta","delta":"{}"})"}))
            .empty());
  CHECK(text(sse({R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"a"}]}}]})"})) == "a");
  CHECK(text(ndjson({R"({"model":"m","message":{"thinking":"hm","content":""},"done":false})"})).empty());
}

TEST_CASE("other shapes of the same protocols") {
  CHECK(text(sse({R"({"choices":[{"text":"a","index":0}]})"})) == "a");
  CHECK(text(sse({R"({"choices":[{"delta":{"refusal":"I cannot"}}]})"})) == "I cannot");
  CHECK(text(sse({R"({"choices":[{"delta":{"content":[{"type":"thinking"},{"type":"text","text":"a"}]}}]})"})) == "a");
  CHECK(text(sse({R"({"type":"response.refusal.delta","delta":"I cannot"})"})) == "I cannot");
  CHECK(text(sse({R"({"type":"content_block_start","content_block":{"type":"text","text":"a"}})"})) == "a");
  CHECK(text(ndjson({R"({"model":"m","response":"a","done":false})", R"({"model":"m","response":"b","done":true})"})) ==
        "ab");
}

TEST_CASE("a body that was not streamed has text too") {
  const auto* const body = GENERATE(
      R"({"type":"message","role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"hello"}]})",
      R"({"object":"response","output":[{"type":"reasoning","summary":[]},)"
      R"({"type":"message","content":[{"type":"output_text","text":"hello"}]}]})",
      R"({"candidates":[{"content":{"parts":[{"text":"hello"}]}}]})",
      R"({"model":"m","message":{"content":"hello"},"done":true})", R"({"choices":[{"text":"hello"}]})",
      "{\n  \"choices\": [\n    {\n      \"message\": {\"content\": \"hello\"}\n    }\n  ]\n}\n",
      R"({"response_id":"r","generation_id":"g","text":"hello"})", R"({"generated_text":"hello","details":{}})",
      R"({"result":{"response":"hello"},"success":true})", R"({"event":"message","task_id":"t","answer":"hello"})",
      R"({"output":{"message":{"content":[{"text":"hello"}]}},"stopReason":"end_turn"})",
      R"({"inputTextTokenCount":3,"results":[{"tokenCount":1,"outputText":"hello","completionReason":"FINISH"}]})",
      R"({"generation":"hello","prompt_token_count":3,"generation_token_count":1,"stop_reason":"stop"})",
      R"({"outputs":[{"text":"hello","stop_reason":"stop"}]})", R"({"response":"hello"})",
      R"({"object":"conversation.response","outputs":[{"type":"message.output","content":"hello"}]})");
  INFO(body);
  CHECK(text(body) == "hello");
}

TEST_CASE("the text of a plain-text answer is the whole answer") {
  TextExtractor extractor;
  CHECK(extractor.feed("da").empty());
  CHECK(extractor.feed("y by day") == "day by day");
  CHECK(extractor.feed("\n") == "\n");
  CHECK(text("{\"a\": 1} is what you asked for.") == "{\"a\": 1} is what you asked for.");
  CHECK(text("HTTP/1.1 200 OK\r\n\r\nHello") == "Hello");
}

TEST_CASE("JSON and events of no known protocol have no text") {
  CHECK(text(sse({"hello", R"({"token":"a"})"})).empty());
  CHECK(text(R"({"data":[{"embedding":[1]}],"model":"m"})").empty());
}

TEST_CASE("content that is not a string is shown as JSON") {
  CHECK(text(sse({R"({"choices":[{"delta":{"content":4}}]})", R"({"choices":[{"delta":{"content":true}}]})"})) ==
        "4true");
  CHECK(text(R"({"choices":[{"message":{"content":{"a":[1,"b"],"c":null}}}]})") == R"({"a":[1,"b"],"c":null})");
  CHECK(text(sse({R"({"response":5})", R"({"response":" days"})", "[DONE]"})) == "5 days");
}

TEST_CASE("cumulative text is shown once") {
  const auto event = [](const std::string& words, const std::string& reason) {
    return R"({"output":{"text":")" + words + R"(","finish_reason":")" + reason + R"("},"request_id":"r"})";
  };
  const auto stream = [&](const std::vector<std::string>& texts) {
    std::string bytes;
    for (const std::string& one : texts)
      bytes += "data: " + event(one, &one == &texts.back() ? "stop" : "null") + "\n\n";
    return text(bytes);
  };
  CHECK(stream({"Tea", "Tea steeps", "Tea steeps.", "Tea steeps."}) == "Tea steeps.");
  CHECK(stream({"Tea", " steeps", ".", ""}) == "Tea steeps.");
  CHECK(stream({"Yes", "Yes"}) == "Yes");
  CHECK(stream({"ha", "ha", " ho", "ha"}) == "haha hoha");
  CHECK(stream({"", "a", "ab", "ab", "abc"}) == "abc");
}

TEST_CASE("a whole message after its pieces is not repeated, but its additions are shown") {
  const std::string delta = R"({"choices":[{"index":0,"delta":{"content":"Salt "}}]})";
  CHECK(text(sse({delta, R"({"choices":[{"index":0,"message":{"content":"Salt "}}]})"})) == "Salt ");
  CHECK(text(sse({delta, R"({"choices":[{"index":0,"message":{"content":"Salt keeps"}}]})"})) == "Salt keeps");
  CHECK(
      text(sse(
          {R"({"type":"response.output_text.delta","delta":"a"})", R"({"type":"response.output_text.done","text":"a"})",
           R"({"type":"response.completed","response":{"output":[{"content":[{"type":"output_text","text":"a"}]}]}})"})) ==
      "a");
  CHECK(
      text(sse(
          {R"({"type":"response.created","response":{}})",
           R"({"type":"response.completed","response":{"output":[{"content":[{"type":"output_text","text":"a"}]}]}})"})) ==
      "a");
}

TEST_CASE("a piece of text that an event has in two places is shown once") {
  CHECK(text(sse({R"({"choices":[{"index":0,"text":"a","delta":{"content":"a"}}]})",
                  R"({"choices":[{"index":0,"text":"b","delta":{"content":"b"}}]})"})) == "ab");
}

TEST_CASE("each protocol shows its text") {
  CHECK(text(sse({R"({"event_type":"interaction.start"})",
                  R"({"event_type":"content.delta","delta":{"type":"text","text":"a"}})"})) == "a");
  CHECK(text(sse({R"({"type":"conversation.response.started"})", R"({"type":"message.output.delta","content":"a"})",
                  R"({"type":"message.output.delta","content":{"type":"text","text":"b"}})"})) == "ab");
  CHECK(text(sse({R"({"results":[{"generated_text":"a","stop_reason":"not_finished"}]})",
                  R"({"results":[{"generated_text":"b","stop_reason":"eos_token"}]})"})) == "ab");
  CHECK(text("event:conversation.message.delta\ndata:{\"type\":\"answer\",\"content\":\"a\"}\n\n"
             "event:done\ndata:\"[DONE]\"\n\n") == "a");
  CHECK(text(sse({R"({"event":"text_chunk","task_id":"t","data":{"text":"a"}})",
                  R"({"event":"workflow_finished","task_id":"t","data":{"outputs":{"text":"ab"}}})"})) == "ab");
}

TEST_CASE("answers that are not streamed have their text where their provider puts it") {
  CHECK(text(R"({"text":"Hello there","usage":{"type":"duration","seconds":3}})") == "Hello there");
  CHECK(text(R"({"choices":[{"index":0,"message":{"content":"Wax"},"stop_reason":"stop"}]})") == "Wax");
  CHECK(text(R"({"result":{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]},"success":true})") == "Hi");
  CHECK(text(R"({"workflow_run_id":"r","task_id":"t","data":{"workflow_id":"w","status":"succeeded",)"
             R"("outputs":{"text":"Hi"}}})") == "Hi");
}

TEST_CASE("the text of an answer in Workers AI's envelope is that of the answer") {
  const auto text_in = [](const std::string& result) {
    return text(R"({"result":)" + result + R"(,"success":true,"errors":[],"messages":[]})");
  };
  CHECK(text_in(R"({"response":"Hi","tool_calls":[]})") == "Hi");
  CHECK(text_in(R"({"response":{"a":1}})") == R"({"a":1})");
  CHECK(text_in(R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]})") == "Hi");
  CHECK(text_in(R"({"object":"response","output":[{"content":[{"type":"output_text","text":"Hi"}]}]})") == "Hi");
  CHECK(text_in(R"({"text":"hello"})") == "hello");
  CHECK(text_in(R"({"text":"hello","word_count":1,"vtt":"WEBVTT"})") == "hello");
}

TEST_CASE("the output of a prediction that succeeded is its text if it is one") {
  const auto text_of = [](const std::string& output) {
    return text(R"({"id":"p","model":"a/b","output":)" + output + R"(,"status":"succeeded","error":null})");
  };
  CHECK(text_of(R"(["Hi"," you"])") == "Hi you");
  CHECK(text_of(R"("Hi")") == "Hi");
  CHECK(text_of(R"({"sum":3})").empty());
  CHECK(text_of("[0.5]").empty());
  CHECK(text(R"({"id":"p","version":"v","output":{"sum":3},"status":"succeeded"})") == R"({"sum":3})");
  CHECK(text(R"({"output":"Hi","status":"succeeded"})").empty());
}

TEST_CASE("completions of Anthropic show their text, streamed or not") {
  CHECK(text(R"({"type":"completion","completion":" Hello","stop_reason":"stop_sequence"})") == " Hello");
  CHECK(text(sse({R"({"type":"completion","completion":" Hel","stop_reason":null})",
                  R"({"type":"completion","completion":"lo","stop_reason":"stop_sequence"})"})) == " Hello");
}

TEST_CASE("the output of a workflow's node is not the answer's text") {
  CHECK(text(sse({R"({"event":"node_finished","task_id":"t","data":{"node_id":"n","outputs":{"text":"draft"}}})",
                  R"({"event":"workflow_finished","task_id":"t","data":{"workflow_id":"w","status":"succeeded",)"
                  R"("outputs":{"text":"Hi"}}})"})) == "Hi");
}
