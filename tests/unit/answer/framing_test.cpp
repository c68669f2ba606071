// How the bytes of an answer become events, framing by framing.
#include <fmt/format.h>
#include <zlib.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "support/streams.h"
#include "unit/answer/judge.h"

using namespace libcache;
using support::judge;
using support::kStop;
using support::kWord;
using support::ndjson;
using support::record;
using support::sse;

namespace {

using Chunks = std::vector<std::string>;

Chunks chunks(std::string_view bytes) {
  Chunks chunks;
  const Answer answer = record(bytes);
  for (const Chunk& chunk : answer.recording.chunks()) chunks.emplace_back(chunk.bytes);
  return chunks;
}

bool is_stream(std::string_view bytes) {
  return record(bytes).kind == EntryKind::stream;
}

std::string big_endian(std::uint32_t value, int bytes) {
  std::string out;
  while (bytes > 0) out += static_cast<char>(value >> (8 * --bytes));
  return out;
}

std::string with_checksum(const std::string& bytes) {
  return bytes + big_endian(static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()),
                                                             static_cast<uInt>(bytes.size()))),
                            4);
}

std::string header(const std::string& name, const std::string& value) {
  return static_cast<char>(name.size()) + name + '\7' + big_endian(static_cast<std::uint32_t>(value.size()), 2) + value;
}

// A frame of an AWS event stream.
std::string frame(const std::string& headers, const std::string& payload) {
  const auto headers_size = static_cast<std::uint32_t>(headers.size());
  const auto size = static_cast<std::uint32_t>(16 + headers.size() + payload.size());
  return with_checksum(with_checksum(big_endian(size, 4) + big_endian(headers_size, 4)) + headers + payload);
}

std::string event_frame(const std::string& type, const std::string& payload) {
  return frame(header(":event-type", type) + header(":message-type", "event"), payload);
}

}  // namespace

TEST_CASE("server-sent events are cut at blank lines, whatever ends their lines") {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const std::string event = "data: {\"a\":1}" + end + end;
    CHECK(chunks(event + event) == Chunks{event, event});
    CHECK(judge(event) == Completeness::complete);
  }
}

TEST_CASE("events are recognised by their first line, and by having data") {
  for (const auto* const text : {"id: 3\nname: Ada\n", "event: Concert\nplace: here\n", ": a comment\nHello",
                                 "retry: soon\nx", "error: linker not found", "error: linker not found\n",
                                 " data: {}\n\n", "data is good.\n", "identity: x\n", "dataset: x\n"}) {
    INFO(text);
    CHECK(judge(text) == Completeness::complete);
    CHECK_FALSE(is_stream(text));
  }
  for (const auto* const begun : {": hello\n\n", "id: 1\nevent: x\n", "retry: 3000\n\n", "event: mess",
                                  "id: 1\nevent: x\nda", "error: {\"code\":500,\"mess", "\xEF\xBB\xBF: hi"}) {
    INFO(begun);
    CHECK(judge(begun) == Completeness::incomplete);
  }
}

TEST_CASE("unknown fields, ids and comments change nothing") {
  CHECK(judge(": x\n\nid: 1\nx-other: y\ndata:" + std::string(kStop) + "\n\n:\n\nid\n\n") == Completeness::complete);
}

TEST_CASE("a stream without any event but [DONE] is incomplete") {
  const auto* const empty = GENERATE("data: [DONE]\n\n", "data: \"[DONE]\"\n\n", ": ping\n\n", "event: ping\n\n",
                                     "data: {}\n\ndata: [DONE]\n\n", "event: ping\ndata: {\"type\":\"ping\"}\n\n");
  INFO(empty);
  CHECK(judge(empty) == Completeness::incomplete);
}

TEST_CASE("an error field is data of an event called error") {
  CHECK(judge("error: {\"code\":400,\"message\":\"no\"}\n\ndata: [DONE]\n\n") == Completeness::error);
  CHECK(judge(sse({kWord}) + "error:{\"code\":500,\"message\":\"no\"}\n\n") == Completeness::error);
}

TEST_CASE("events that are separated by single newlines are separate events") {
  const std::string stream = "data: " + std::string(kWord) + "\ndata: " + kStop + "\ndata: [DONE]\n";
  CHECK(chunks(stream).size() == 3);
  CHECK(judge(stream) == Completeness::complete);
  CHECK(judge("data: " + std::string(kWord) + "\ndata: " + kStop + "\n") == Completeness::complete);
  CHECK(judge("data: " + std::string(kWord) + "\ndata: {\"choi") == Completeness::incomplete);
  const std::string without_end = stream.substr(0, stream.size() - 1);
  CHECK(chunks(without_end).size() == 3);
  CHECK(judge(without_end) == Completeness::complete);
  CHECK(judge(without_end.substr(0, without_end.size() - 1)) == Completeness::incomplete);
  const std::string named =
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\nevent: message_stop\n"
      "data: {\"type\":\"message_stop\"}\n";
  CHECK(judge(named) == Completeness::complete);
  CHECK(judge(named.substr(0, named.size() - 1)) == Completeness::complete);
  CHECK(chunks(named).size() == 2);
}

TEST_CASE("single newlines of every kind separate events, also with other fields between them") {
  for (const std::string end : {"\n", "\r", "\r\n"}) {
    for (const std::string other_end : {"\n", "\r", "\r\n"}) {
      const std::string stream = "data: " + std::string(kWord) + end + "id: 2" + other_end + "event: x" + end +
                                 "data: " + kWord + other_end + "data: " + kStop + end + "data: [DONE]" + other_end;
      CHECK(chunks(stream).size() == 4);
      CHECK(judge(stream) == Completeness::complete);
    }
  }
}

TEST_CASE("data of several lines is one event if only the lines together are JSON") {
  const std::string stream = "data: {\"choices\":[{\"index\":0,\"delta\":{},\ndata: \"finish_reason\":\"stop\"}]}\n\n";
  CHECK(judge(stream + "data: [DONE]\n\n") == Completeness::complete);
  CHECK(chunks(stream).size() == 1);
}

TEST_CASE("an event without its final blank line is whole if its JSON or [DONE] is whole") {
  CHECK(judge(sse({"a"}) + "data: {\"a\":1}") == Completeness::complete);
  CHECK(judge(sse({kWord, kStop}) + "data: [DONE]") == Completeness::complete);
  CHECK(judge(sse({"a"}) + "data: b") == Completeness::incomplete);
  CHECK(judge(sse({"a"}) + "event: x") == Completeness::incomplete);
  CHECK(judge(sse({"a"}) + "data: {\"a\"") == Completeness::incomplete);
  CHECK(judge(sse({"a", R"({"a":)"})) == Completeness::incomplete);
  CHECK(judge(sse({"a"}) + ": bye") == Completeness::complete);
}

TEST_CASE("a stream that ends after a line of an event other than its data is incomplete") {
  const auto* const line =
      GENERATE("event: x\n", "id: 5\n", "retry: 3000\n", "id:\r\n", ": ping\nid: 5\n", "id: 5\n: ping");
  INFO(line);
  CHECK(judge(sse({R"({"a":1})"}) + line) == Completeness::incomplete);
  CHECK(judge(sse({kWord, kStop}) + line) == Completeness::incomplete);
  CHECK(judge(sse({kWord, kStop}) + line + "\n\n") == Completeness::complete);
  CHECK(judge(sse({kWord, kStop}) + ": ping\n") == Completeness::complete);
}

TEST_CASE("JSON values follow one another in any layout") {
  const std::string value = "{\n  \"a\": [1, \"}\"]\n}";
  for (const std::string between : {"\n", "", " ", "\n\n", "\r\n", "\x1e"}) {
    const std::string stream = value + between + value + between + value;
    INFO(stream);
    CHECK(judge(stream) == Completeness::complete);
    CHECK(is_stream(stream));
    CHECK(chunks(stream).size() == 3);
    CHECK(judge(stream + "{\"b\":") == Completeness::incomplete);
  }
  CHECK(chunks(ndjson({"{}", "{}"})) == Chunks{"{}\n", "{}\n"});
}

TEST_CASE("one JSON value is a response") {
  CHECK_FALSE(is_stream(R"({"a":1})"));
  CHECK_FALSE(is_stream(R"([{"a":1},{"a":2}])"));
  CHECK_FALSE(is_stream("[1,2]\n"));
}

TEST_CASE("a bare number after the last value is not part of the answer") {
  const std::string body = R"({"choices":[{"message":{"content":"Yes"},"finish_reason":"stop"}]})";
  for (const auto* const tail : {"200", "\n200", "\n200\n", " 0.531", "\n200 0.531", "\n000"}) {
    INFO(tail);
    CHECK(judge(body + tail) == Completeness::complete);
    CHECK_FALSE(is_stream(body + tail));
  }
  for (const auto* const tail : {"404", "\n500", "\n429\n", "\n503 0.5"}) {
    INFO(tail);
    CHECK(judge(body + tail) == Completeness::error);
  }
  CHECK(judge("{\"a\":1}\n404\n{\"a\":2}") == Completeness::complete);
}

TEST_CASE("an array that is sent piece by piece has its elements for events") {
  const std::string first = R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}]})";
  const std::string last = R"({"candidates":[{"content":{"parts":[]},"finishReason":"STOP"}]})";
  for (const std::string comma : {",", "\n,\n", ",\r\n", " , "}) {
    const std::string stream = "[" + first + comma + last + "]";
    INFO(stream);
    CHECK(is_stream(stream));
    CHECK(judge(stream) == Completeness::complete);
    for (std::size_t size = 1; size + 1 < stream.size(); ++size) {
      INFO(size);
      CHECK(judge(stream.substr(0, size)) != Completeness::complete);
    }
  }
  CHECK(judge("[" + first + "]") == Completeness::incomplete);
  CHECK(judge("[" + last + ",") == Completeness::incomplete);
  CHECK(judge("[{\"a\":1} is text") == Completeness::complete);
}

TEST_CASE("an array of anything but objects is one value") {
  CHECK(judge("[1, 2, 3]") == Completeness::complete);
  CHECK(judge("[[{\"error\":{\"code\":1,\"message\":\"x\"}}]]") == Completeness::complete);
  CHECK(judge("[\"a\", {\"b\":") == Completeness::incomplete);
}

TEST_CASE("lines with a prefix are those of the AI SDK's first version") {
  const std::string stream = "f:{\"messageId\":\"m\"}\n0:\"Hail\"\nd:{\"finishReason\":\"stop\"}\n";
  CHECK(judge(stream) == Completeness::complete);
  CHECK(is_stream(stream));
  CHECK(chunks(stream).size() == 3);
  CHECK(judge("0:\"Hail") == Completeness::incomplete);
  CHECK(judge("f:{\"messa") == Completeness::incomplete);
  CHECK(judge("0:\"Hail\"\n0") == Completeness::incomplete);
  for (const auto* const text : {"a: it is so", "b:\"quoted\" he said", "1: one\n2: two\n", "z:{}\n", "0:[Note] x"}) {
    INFO(text);
    CHECK(judge(text) == Completeness::complete);
  }
}

TEST_CASE("an AWS event stream is judged frame by frame") {
  const std::string start = event_frame("messageStart", R"({"role":"assistant"})");
  const std::string stop = event_frame("messageStop", R"({"stopReason":"end_turn"})");
  CHECK(judge(start + stop) == Completeness::complete);
  CHECK(is_stream(start + stop));
  CHECK(chunks(start + stop) == Chunks{start, stop});
  CHECK(record(start + stop).metadata.finish_reason == "end_turn");
  for (std::size_t size = 16; size < start.size() + stop.size(); ++size) {
    INFO(size);
    CHECK(judge((start + stop).substr(0, size)) == Completeness::incomplete);
  }
}

TEST_CASE("frames that hold pieces of plain text are complete when the last one is whole") {
  const std::string chunk = event_frame("chunk", R"({"bytes":"SGVsbG8gdGhlcmU="})");  // Hello there
  CHECK(judge(chunk + chunk) == Completeness::complete);
  CHECK(is_stream(chunk + chunk));
  CHECK(judge((chunk + chunk).substr(0, chunk.size() + 20)) == Completeness::incomplete);
  const std::string of_model =
      event_frame("chunk", R"({"bytes":"eyJvdXRwdXRUZXh0IjoiSGkifQ=="})");  // {"outputText":"Hi"}
  CHECK(judge(of_model) == Completeness::incomplete);
}

TEST_CASE("a chunk in a frame is never a whole answer, even if it looks like one") {
  const std::string last = event_frame(
      "chunk",
      R"({"bytes":"eyJhbWF6b24tYmVkcm9jay1pbnZvY2F0aW9uTWV0cmljcyI6eyJpbnB1dFRva2VuQ291bnQiOjN9fQ=="})");  // {"amazon-bedrock-invocationMetrics":{"inputTokenCount":3}}
  for (
      const char* const bytes : {
          "eyJjaG9pY2VzIjpbeyJ0ZXh0IjoiV2EiLCJzdG9wX3JlYXNvbiI6bnVsbH1dfQ==",  // {"choices":[{"text":"Wa","stop_reason":null}]}
          "eyJjaG9pY2VzIjpbeyJtZXNzYWdlIjp7ImNvbnRlbnQiOiJXYSJ9LCJzdG9wX3JlYXNvbiI6bnVsbH1dfQ==",  // {"choices":[{"message":{"content":"Wa"},"stop_reason":null}]}
          "eyJjaG9pY2VzIjpbeyJtZXNzYWdlIjp7ImNvbnRlbnQiOiJXYSJ9LCJmaW5pc2hfcmVhc29uIjpudWxsfV19",  // {"choices":[{"message":{"content":"Wa"},"finish_reason":null}]}
      }) {
    const std::string chunk = event_frame("chunk", fmt::format(R"({{"bytes":"{}"}})", bytes));
    CHECK(judge(chunk) == Completeness::incomplete);
    CHECK(judge(chunk + chunk) == Completeness::incomplete);
    CHECK(judge(chunk + chunk + last) == Completeness::complete);
  }
}

TEST_CASE("a damaged frame is an error wherever the damage is") {
  const std::string stream = event_frame("messageStart", "{}") + event_frame("messageStop", R"({"stopReason":"x"})");
  for (const std::size_t at :
       {std::size_t{5}, std::size_t{9}, std::size_t{30}, stream.size() - 3, stream.size() - 20}) {
    std::string damaged = stream;
    damaged[at] ^= 1;
    INFO(at);
    CHECK(judge(damaged) == Completeness::error);
  }
}

TEST_CASE("exception and error frames are errors") {
  const std::string start = event_frame("messageStart", "{}");
  const std::string exception = frame(
      header(":exception-type", "throttlingException") + header(":message-type", "exception"), R"({"message":"slow"})");
  const std::string error = frame(header(":error-code", "InternalFailure") + header(":message-type", "error"), "");
  CHECK(judge_answer(start + exception).reason == "the provider reports an error: throttlingException");
  CHECK(judge_answer(start + error).reason == "the provider reports an error: InternalFailure");
}

TEST_CASE("binary data that is not a frame is a text") {
  CHECK(judge(std::string(64, '\0')) == Completeness::complete);
  CHECK(judge(std::string("\0\0\0\x20\0\0\0\4garbage and more of it", 30)) == Completeness::complete);
  CHECK(judge("\x89PNG\r\n\x1a\n") == Completeness::complete);
}

TEST_CASE("JSON that was cut short behind a byte order mark is not a text") {
  const std::string mark = "\xef\xbb\xbf";
  for (const std::string cut : {R"({"id":"x","choices":[{)", R"([{"candidates":)",
                                R"({"a":1})"
                                "\n"
                                R"({"b":)"}) {
    CHECK(judge(mark + cut) == Completeness::incomplete);
    CHECK(judge(mark + " \n" + cut) == Completeness::incomplete);
    CHECK(judge("HTTP/1.1 200 OK\r\n\r\n" + mark + cut) == Completeness::incomplete);
  }
  CHECK(judge(mark + R"({"a":1})") == Completeness::complete);
  CHECK(judge(mark + "[Note] It is Mars.") == Completeness::complete);
}

TEST_CASE("a text that begins with error and a brace is an event only if a JSON object follows") {
  for (const char* const text : {"error: {name} is not defined", "error: {\"a\":1} is not what was asked for",
                                 "error: { expected an expression\n --> main.rs:1\n"}) {
    CHECK(judge(text) == Completeness::complete);
  }
  CHECK(judge("error: {\"code\":500,\"message\":\"x\"}\n\n") == Completeness::error);
  CHECK(judge("data: {\"a\":1}\n\nerror: {\"code\":5") != Completeness::complete);
}

TEST_CASE("a time of day or a score is not a line of the AI SDK's first version") {
  for (const auto* const text :
       {"9:30", "2:1", "4:3\n", "3:16", "8:45\n10:15\n", "a:1\nb:2\n", "0:45\n1:30\n", "a:[1,2]\nb:[3]\n", "3:null"}) {
    INFO(text);
    CHECK(judge(text) == Completeness::complete);
  }
  CHECK(judge("3:\"no\"\n") == Completeness::error);
  CHECK(judge("2:[{\"a\":1}]\n") == Completeness::incomplete);
}

TEST_CASE("the first bytes of a framing are incomplete behind a header block, where a text would have more") {
  const std::string head = "HTTP/1.1 200 OK\r\nx: y\r\n\r\n";
  for (const auto* const cut : {"\x1f", "\x1f\x8b", "(\xb5", "(\xb5/", "\xef", "\xef\xbb", "f:", "0:", "da"}) {
    INFO(cut);
    CHECK(judge(head + cut) == Completeness::incomplete);
  }
  CHECK(judge(head + std::string("\0\0\0\x7e\0\0", 6)) == Completeness::incomplete);
  CHECK(judge(std::string(20, '\n') + "dat") == Completeness::incomplete);
  CHECK(judge(head + "(") == Completeness::complete);
}

TEST_CASE("a field after the data of an event begins another event, which is cut") {
  const std::string run =
      "event: thread.run.completed\ndata: {\"id\":\"r\",\"object\":\"thread.run\",\"status\":\"completed\"}\n";
  CHECK(judge(run + "event: done\n") == Completeness::incomplete);
  CHECK(judge(run + "event: done\ndata: [DONE]\n") == Completeness::complete);
}

TEST_CASE("an application's own parts belong to the AI SDK's stream, which they do not end") {
  const std::string status = sse({R"({"type":"data-status","data":{"m":"x"},"transient":true})"});
  CHECK(judge(status) == Completeness::incomplete);
  CHECK(judge(sse({R"({"type":"start"})"}) + status) == Completeness::incomplete);
  CHECK(judge(status + sse({R"({"type":"finish"})"})) == Completeness::complete);
}

TEST_CASE("an event with a name needs no data, so that null in it is not an error") {
  CHECK(judge("event: values\ndata: {\"a\":1}\n\nevent: end\ndata: null\n\n") == Completeness::complete);
  CHECK(judge("data: {\"a\":1}\n\ndata: null\n\n") == Completeness::error);
}
