#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/streams.h"

using namespace libcache;
using support::kCompleteStreams;
using support::ndjson;
using support::sample_stream;
using support::sse;

namespace {

std::string convert(Framing to, std::string_view stream) {
  StreamConverter converter(to);
  const Answer answer = support::record(stream);
  std::string converted;
  if (!answer.body.empty()) converted = converter.feed(answer.body);
  for (const Chunk& chunk : answer.recording.chunks()) converted += converter.feed(chunk.bytes);
  return converted + converter.finish();
}
std::string to_sse(std::string_view stream) {
  return convert(Framing::sse, stream);
}
std::string to_ndjson(std::string_view stream) {
  return convert(Framing::ndjson, stream);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("as NDJSON every sample is one JSON text a line, the data of its events") {
  const std::string name = GENERATE(from_range(kCompleteStreams));
  INFO(name);
  const std::string stream = sample_stream(name);
  std::vector<std::string> data;
  const Recording recording = support::record(stream).recording;
  for (const Chunk& chunk : recording.chunks()) {
    if (const auto one = data_of(chunk.bytes); one && *one != "[DONE]") data.push_back(*one);
  }
  const auto lines = lines_of(to_ndjson(stream));
  CHECK(lines == data);
  for (const std::string& line : lines) CHECK(nlohmann::json::accept(line));
}

TEST_CASE("as server-sent events every sample says the same as before") {
  const std::string name = GENERATE(from_range(kCompleteStreams));
  INFO(name);
  const std::string stream = sample_stream(name);
  const std::string events = to_sse(stream);
  CHECK(to_ndjson(events) == to_ndjson(stream));
  CHECK(to_sse(events) == events);
  CHECK(events.ends_with("\n\n"));
  CHECK(events.find('\r') == std::string::npos);
  CHECK(libcache::judge_answer(events).metadata.finish_reason == libcache::judge_answer(stream).metadata.finish_reason);
}

TEST_CASE("as raw a stream is unchanged") {
  const std::string stream = sample_stream(GENERATE(from_range(kCompleteStreams)));
  CHECK(convert(Framing::raw, stream) == stream);
}

TEST_CASE("recorded NDJSON becomes events that end with [DONE]") {
  CHECK(to_sse(ndjson({R"({"a":1})", R"({"done":true})"})) == sse({R"({"a":1})", R"({"done":true})", "[DONE]"}));
}

TEST_CASE("recorded events keep their names and lines, and lose comments, ids and odd line ends") {
  CHECK(to_sse(": hi\r\n\r\nid: 7\r\nevent: ping\r\ndata:{\r\ndata: }\r\n\r\nevent: empty\n\ndata: [DONE]\r\r") ==
        "event: ping\ndata: {\ndata: }\n\ndata: [DONE]\n\n");
  CHECK(to_sse(sse({R"({"type":"message_stop"})"})) == sse({R"({"type":"message_stop"})"}));
}

TEST_CASE("data of several lines becomes one line of NDJSON, and data that is not JSON becomes a string") {
  CHECK(to_ndjson("data: {\ndata: \"a\": 1}\n\n") == "{ \"a\": 1}\n");
  CHECK(to_ndjson("data: so \"it\" is\ndata: \xff\n\n") == "\"so \\\"it\\\" is\\n\xEF\xBF\xBD\"\n");
  CHECK(to_ndjson("data: {\"cut\n\ndata:\n\n") == "\"{\\\"cut\"\n");
}

TEST_CASE("a body that is not a stream of events is one event") {
  const std::string body = "{\n  \"a\": [\n    1\n  ]\n}\n";
  CHECK(to_ndjson(body) == "{   \"a\": [     1   ] }\n");
  CHECK(to_sse(body) == "data: {\ndata:   \"a\": [\ndata:     1\ndata:   ]\ndata: }\n\ndata: [DONE]\n\n");
  CHECK(to_ndjson("[1,\r\n2]") == "[1,  2]\n");
  CHECK(to_ndjson("plain text\r\non two lines\n") == "\"plain text\\r\\non two lines\"\n");
  CHECK(to_sse("plain text\r\non two lines\n") == "data: plain text\ndata: on two lines\n\ndata: [DONE]\n\n");
  CHECK(to_ndjson(sample_stream("openai-chat.json")) == sample_stream("openai-chat.json") + "\n");
}

TEST_CASE("an empty stream becomes an empty text") {
  CHECK(to_ndjson("").empty());
  CHECK(to_sse("").empty());
  CHECK(to_ndjson(": only a comment\n\n").empty());
}
