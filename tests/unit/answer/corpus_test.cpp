// Answers of many providers, and the verdict, text and metadata that each must get: tests/golden/answers.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "support/base64.h"
#include "support/sanitizers.h"
#include "support/streams.h"

using namespace libcache;
using nlohmann::json;

namespace {

struct Case {
  json about;
  std::string bytes;

  std::string name() const { return about["id"]; }
  bool has(const char* member) const { return about.contains(member); }
};

const std::vector<Case>& corpus() {
  static const auto read = [] {
    std::ifstream file(LLMCACHE_TEST_DATA "/golden/answers/answers.jsonl");
    std::vector<Case> cases;
    for (std::string line; std::getline(file, line);) {
      json about = json::parse(line);
      const bool is_text = about.contains("answer");
      const std::string answer = about[is_text ? "answer" : "answer_base64"];
      cases.push_back({about, is_text ? answer : support::decode_base64(answer)});
    }
    return cases;
  }();
  return read;
}

// Feeds an answer in pieces of the sizes that `next_size` gives.
template <class NextSize>
Answer record_in_pieces(std::string_view bytes, const NextSize& next_size) {
  AnswerRecorder recorder;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, next_size());
    recorder.write(piece);
    bytes.remove_prefix(piece.size());
  }
  return std::move(recorder).finish();
}

std::string text_of(const Answer& answer) {
  TextExtractor extractor;
  std::string text;
  if (answer.kind == EntryKind::response) text = extractor.feed(answer.body);
  for (const Chunk& chunk : answer.recording.chunks()) text += extractor.feed(chunk.bytes);
  return text + extractor.finish();
}

std::vector<std::size_t> ends(const Answer& answer) {
  std::vector<std::size_t> ends;
  for (const auto& mark : answer.recording.marks) ends.push_back(mark.end);
  return ends;
}

void check_same(const Answer& whole, const Answer& pieces) {
  CHECK(pieces.completeness == whole.completeness);
  CHECK(pieces.reason == whole.reason);
  CHECK(pieces.kind == whole.kind);
  CHECK(pieces.bytes() == whole.bytes());
  CHECK(text_of(pieces) == text_of(whole));
  CHECK(pieces.metadata.model == whole.metadata.model);
}

}  // namespace

TEST_CASE("each answer of the corpus gets its verdict, with a reason unless it is complete") {
  REQUIRE(corpus().size() == 210);
  for (const Case& one : corpus()) {
    INFO(one.name() << ": " << one.about["reason"]);
    const Verdict verdict = judge_answer(one.bytes);
    INFO(verdict.reason);
    const std::string expected = one.about["verdict"];
    CHECK((expected == "complete") == (verdict.completeness == Completeness::complete));
    CHECK((expected == "error") == (verdict.completeness == Completeness::error));
    CHECK(verdict.reason.empty() == (verdict.completeness == Completeness::complete));
  }
}

TEST_CASE("each answer of the corpus has its text") {
  for (const Case& one : corpus()) {
    INFO(one.name());
    const std::string text = text_of(support::record(one.bytes));
    if (one.has("text")) CHECK(text == one.about["text"].get<std::string>());
    if (one.has("no_text")) CHECK(text.empty());
  }
}

TEST_CASE("each answer of the corpus has its metadata") {
  for (const Case& one : corpus()) {
    INFO(one.name());
    const Metadata metadata = judge_answer(one.bytes).metadata;
    if (one.has("model")) CHECK(metadata.model == one.about["model"].get<std::string>());
    if (one.has("finish_reason")) CHECK(metadata.finish_reason == one.about["finish_reason"].get<std::string>());
    if (one.has("prompt_tokens")) CHECK(metadata.prompt_tokens == one.about["prompt_tokens"].get<std::int64_t>());
    if (one.has("completion_tokens")) {
      CHECK(metadata.completion_tokens == one.about["completion_tokens"].get<std::int64_t>());
    }
  }
}

TEST_CASE("no answer of the corpus depends on the pieces in which it arrives") {
  std::mt19937 random(1);
  std::uniform_int_distribution<std::size_t> sizes(1, 90);
  for (const Case& one : corpus()) {
    INFO(one.name());
    const Answer whole = support::record(one.bytes);
    const Answer in_bytes = record_in_pieces(one.bytes, [] { return std::size_t{1}; });
    const Answer in_random = record_in_pieces(one.bytes, [&] { return sizes(random); });
    check_same(whole, in_bytes);
    check_same(whole, in_random);
    // A compressed stream has no chunks but its pieces.
    if (one.about["protocol"] != "transport") {
      CHECK(ends(in_bytes) == ends(whole));
      CHECK(ends(in_random) == ends(whole));
    }
  }
}

TEST_CASE("no complete stream of the corpus is complete when it is cut") {
  constexpr std::size_t kShortest = 16;  // less may be any text
  for (const Case& one : corpus()) {
    if (!one.has("complete_from")) continue;
    const std::size_t end = one.about["complete_from"];
    for (std::size_t size = kShortest; size < end; size += libcache::test::kCutStep) {
      INFO(one.name() << " cut to " << size << " of " << end);
      CHECK(judge_answer(one.bytes.substr(0, size)).completeness != Completeness::complete);
    }
  }
}

TEST_CASE("a stream of the corpus is recorded as one, whatever was asked for") {
  for (const Case& one : corpus()) {
    if (one.about["kind"] != "stream" || one.about["verdict"] != "complete") continue;
    INFO(one.name());
    const Answer answer = support::record(one.bytes);
    CHECK(answer.kind == EntryKind::stream);
    CHECK(answer.recording.marks.back().end == one.bytes.size());
  }
}
