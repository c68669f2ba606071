// Which of the streams that a Bifrost gateway's plugin stored are complete.
#include "cache/layout/bifrost/chunks.h"

#include <libcache/cache.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "support/paths.h"
#include "unit/cache/cache_fixture.h"

using namespace libcache;
using namespace libcache::internal;
using namespace libcache::internal::bifrost;
using nlohmann::json;

namespace {

// The members of a chunk of one choice, besides its index.
json said(const std::string& text, int choice = 0) {
  return {{"choices", {{{"index", choice}, {"delta", {{"content", text}}}}}}};
}
json ended(const std::string& reason = "stop", int choice = 0) {
  return {{"choices", {{{"index", choice}, {"finish_reason", reason}, {"delta", json::object()}}}}};
}
json thought(const std::string& text) {
  return {{"choices", {{{"index", 0}, {"delta", {{"thought", text}}}}}}};
}
json called(const std::string& id, const std::string& arguments) {
  json call{{"function", {{"name", nullptr}, {"arguments", arguments}}}};
  if (!id.empty()) call["id"] = id;
  return {{"choices", {{{"index", 0}, {"delta", {{"tool_calls", {call}}}}}}}};
}
const json kUsage{{"usage", {{"total_tokens", 7}}}};

// Judges chunks by their indexes.
Verdict judge(const std::map<std::size_t, json>& chunks, const std::string& provider = "openai",
              std::optional<Milliseconds> ttl = {}) {
  ChunkJudge judge{UnixTime()};
  for (auto [index, chunk] : chunks) {
    chunk["extra_fields"] = {{"provider", provider}, {"chunk_index", index}};
    StoredChunk stored{index, chunk.dump(), {}};
    if (ttl) stored.expires = UnixTime(*ttl);
    judge.read(stored);
  }
  return judge.finish();
}

bool is_complete(const std::map<std::size_t, json>& chunks, const std::string& provider = "openai",
                 std::optional<Milliseconds> ttl = {}) {
  return judge(chunks, provider, ttl).completeness == Completeness::complete;
}

std::string fault(const std::map<std::size_t, json>& chunks, const std::string& provider = "openai",
                  std::optional<Milliseconds> ttl = {}) {
  const Verdict verdict = judge(chunks, provider, ttl);
  CHECK(verdict.completeness == Completeness::incomplete);
  return verdict.reason;
}

}  // namespace

TEST_CASE_METHOD(CacheFixture, "every stream that the gateway stored gets its verdict") {
  std::ifstream file(LLMCACHE_TEST_DATA "/golden/bifrost/streams.jsonl");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const json row = json::parse(line);
    INFO(row["id"].get<std::string>() << ": " << row["why"].get<std::string>());
    CacheOptions options = CacheFixture::options();
    options.key = KeyOptions::bifrost();
    options.key.prefix = row["prefix"].get<std::string>() + std::to_string(count);
    options.key.session = row["session"];
    const auto cache = make(std::move(options));
    const auto key = cache->key(row["request"].dump()).value();
    for (const auto& [name, value] : row["values"].items()) {
      const std::string index = name.substr(name.rfind('_') + 1);
      REQUIRE(key.base.ends_with(name.substr(2, name.find("_chunk_") - 2)));
      REQUIRE(store->put(key.stream_name + index, value.get<std::string>(), {}, Deadline::never()));
    }
    const auto found = cache->get(key, EntryKind::stream, Deadline::never()).value();
    const bool complete = row["verdict"] == "complete";
    CHECK(found.entry.has_value() == complete);
    CHECK(found.miss == (complete ? MissReason::none : MissReason::incomplete));
    CHECK(found.partial.has_value() == !complete);
    CHECK(found.reason.empty() == complete);
  }
  CHECK(count == 12);
}

TEST_CASE("a stream is complete once every choice that was seen has a finish_reason") {
  CHECK(is_complete({{0, said("a")}, {1, ended()}}));
  CHECK(is_complete({{0, said("a")}, {1, said("b", 1)}, {2, ended("stop", 1)}, {3, ended("length")}}));
  CHECK(fault({{0, said("a")}, {1, said("b", 1)}, {2, ended("stop", 1)}}) == "choice 0 has no finish_reason");
  CHECK(fault({{0, said("a")}, {1, ended("")}}) == "choice 0 has no finish_reason");
  CHECK(fault({{0, kUsage}}) == "the stream has no end");
  CHECK(fault({}) == "the stream has no chunks");
}

TEST_CASE("chunks after the end may be present or not") {
  CHECK(is_complete({{0, said("a")}, {1, ended()}, {2, kUsage}}));
  CHECK(is_complete({{0, said("a")}, {1, ended()}, {3, kUsage}}));
  CHECK(is_complete({{0, said("a")}, {1, ended()}, {2, ended("")}}));
  CHECK(is_complete({{0, said("a")}, {1, ended()}, {2, json{{"choices", json::array()}}}}));
}

TEST_CASE("a gap before the first content is explained") {
  CHECK(is_complete({{0, said("")}, {3, said("a")}, {4, ended()}}));
  CHECK(is_complete({{2, said("a")}, {3, ended()}}));
  CHECK(is_complete({{0, thought("")}, {1, thought("hm")}, {4, said("")}, {5, said("a")}, {6, ended()}}));
  CHECK(is_complete({{1, called("c", "")}, {2, called("", "{}")}, {3, ended("tool_calls")}}));
  CHECK(fault({{0, said("a")}, {2, said("b")}, {3, ended()}}) == "chunk 1 is missing");
  CHECK(fault({{0, called("c", "")}, {2, called("", "{}")}, {3, ended()}}) == "chunk 1 is missing");
  CHECK(fault({{0, said("a")}, {3, ended()}}) == "chunk 1 is missing");
  CHECK(fault({{0, thought("hm")}, {3, thought("so")}, {4, said("a")}, {5, ended()}}) == "chunk 1 is missing");
}

TEST_CASE("a gap before a block of anthropic or bedrock is explained") {
  for (const auto* provider : {"anthropic", "bedrock"}) {
    CHECK(is_complete({{1, said("a")}, {3, ended("end_turn")}}, provider));
    CHECK(is_complete({{1, said("a")}, {3, called("c", "")}, {4, called("", "{}")}, {6, ended()}}, provider));
    CHECK(fault({{1, said("a")}, {3, said("b")}, {4, ended()}}, provider) == "chunk 2 is missing");
    CHECK(fault({{1, called("c", "")}, {3, called("", "{}")}, {4, ended()}}, provider) == "chunk 2 is missing");
  }
  CHECK(fault({{1, said("a")}, {3, ended()}}, "vertex") == "chunk 2 is missing");
}

TEST_CASE("a gap at the beginning is doubtful if the first chunk has less than 10 s to live") {
  const std::map<std::size_t, json> chunks{{1, said("a")}, {2, ended()}};
  CHECK(is_complete(chunks, "openai", std::chrono::seconds(10)));
  CHECK(fault(chunks, "openai", Milliseconds(9999)) ==
        "chunk 1 is the first and expires soon: earlier ones may have expired");
  CHECK(is_complete({{0, said("")}, {2, said("a")}, {3, ended()}}, "openai", std::chrono::seconds(1)));
}

TEST_CASE("chunks of two answers are not a stream") {
  json first = said("a");
  json last = ended();
  first["id"] = "x";
  last["id"] = "x";
  CHECK(is_complete({{0, first}, {1, said("b")}, {2, last}}));
  last["id"] = "y";
  CHECK(fault({{0, first}, {1, last}}) == "chunk 1 belongs to another answer: its id is another");
  const std::string after = "chunk 2 belongs to another answer: it follows the end of this one";
  CHECK(fault({{0, said("a")}, {1, ended()}, {2, said("b")}, {3, ended()}}) == after);
  CHECK(fault({{0, said("a")}, {1, ended()}, {2, called("", "{}")}}) == after);
  CHECK(fault({{0, said("a")}, {1, ended()}, {2, thought("b")}}) == after);
  CHECK(is_complete({{0, said("a")}, {1, ended()}, {2, said("b", 1)}, {3, ended("stop", 1)}}));
}

TEST_CASE("an audio stream ends with its own event") {
  const auto speech = [](const std::string& type, const std::string& audio) {
    return json{{"speech", {{"type", type}, {"audio", audio}}}};
  };
  const auto transcript = [](const std::string& type, const std::string& member) {
    return json{{"transcribe", {{"type", type}, {member, "words"}}}};
  };
  CHECK(is_complete({{0, speech("speech.audio.delta", "aGk=")}, {1, speech("speech.audio.done", "")}}));
  CHECK(is_complete(
      {{0, transcript("transcript.text.delta", "delta")}, {1, transcript("transcript.text.done", "text")}}));
  CHECK(fault({{0, speech("speech.audio.delta", "aGk=")}}) == "the stream has no end");
  CHECK(fault({{0, transcript("transcript.text.delta", "delta")}}) == "the stream has no end");
  CHECK(fault({{0, speech("speech.audio.delta", "aGk=")}, {2, speech("speech.audio.done", "")}}) ==
        "chunk 1 is missing");
  CHECK(fault({{0, speech("speech.audio.done", "")}, {1, speech("speech.audio.delta", "aGk=")}}) ==
        "chunk 1 belongs to another answer: it follows the end of this one");
}

TEST_CASE("a chunk that the plugin could not have stored makes the stream incomplete") {
  ChunkJudge broken{UnixTime()};
  broken.read({0, "{", {}});
  CHECK(broken.finish().reason == "chunk 0 is not a JSON object");
  ChunkJudge misplaced{UnixTime()};
  misplaced.read({0, said("a").dump(), {}});
  misplaced.read({1, ended().dump(), {}});
  CHECK(misplaced.finish().reason == "chunk 1 has chunk_index 0");
  const Verdict ended_in_error = judge({{0, said("a")}, {1, ended("error")}});
  CHECK(ended_in_error.completeness == Completeness::error);
  const Verdict failed = judge({{0, said("a")}, {1, json{{"error", {{"message", "overloaded"}}}}}});
  CHECK(failed.completeness == Completeness::error);
  CHECK(failed.reason == "chunk 1 reports an error");
}
