#include <libcache/stream.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

using namespace libcache;
using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

std::string sample(const std::string& name) {
  std::ifstream file(LLMCACHE_TEST_DATA "/golden/streams/" + name, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

Recorder::Finished record(std::string_view stream, std::size_t piece) {
  Recorder recorder;
  for (std::size_t begin = 0; begin < stream.size(); begin += piece) recorder.write(stream.substr(begin, piece));
  return recorder.finish();
}

Verdict verdict(std::string_view stream) {
  return record(stream, stream.size() + 1).verdict;
}

std::vector<std::size_t> ends(const Recording& recording) {
  std::vector<std::size_t> ends;
  for (const auto& mark : recording.marks) ends.push_back(mark.end);
  return ends;
}

// Where the data of the last event ends: behind it only line ends are left.
std::size_t end_of_last_event(std::string_view stream) {
  return stream.find_last_not_of("\r\n") + 1;
}

std::string complete_sample() {
  return GENERATE("anthropic-messages.sse"s, "gemini.sse"s, "ollama-chat.ndjson"s, "openai-chat.sse"s,
                  "openai-comments-and-multiline.sse"s, "openai-responses.sse"s, "openai-tools.sse"s,
                  "openai-two-choices.sse"s);
}

}  // namespace

TEST_CASE("a sample is recorded whole, in the same chunks whatever the pieces") {
  const std::string name = complete_sample();
  INFO(name);
  const std::string stream = sample(name);
  const auto whole = record(stream, stream.size());
  CHECK(whole.verdict.reason == "");
  CHECK(whole.verdict.completeness == Completeness::complete);
  for (std::size_t piece = 1; piece <= 64; ++piece) {
    const auto pieces = record(stream, piece);
    REQUIRE(pieces.recording.bytes == stream);
    REQUIRE(ends(pieces.recording) == ends(whole.recording));
    REQUIRE(pieces.verdict.reason == "");
  }
}

TEST_CASE("a sample that is cut anywhere before the end of its last event is not complete") {
  const std::string name = complete_sample();
  INFO(name);
  const std::string stream = sample(name);
  for (std::size_t size = 0; size < end_of_last_event(stream); ++size) {
    INFO(size);
    REQUIRE(verdict(std::string_view(stream).substr(0, size)).completeness != Completeness::complete);
  }
}
