#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <functional>
#include <random>

#include "support/streams.h"

using namespace libcache;
using namespace std::chrono_literals;
using support::record;

namespace {

using Chunks = std::vector<std::string>;

const AnswerRecorder::TimePoint kStart{};

// Records a stream in pieces of the sizes that `next_size` gives.
Answer record_pieces(std::string_view stream, const std::function<std::size_t()>& next_size) {
  AnswerRecorder recorder;
  while (!stream.empty()) {
    const std::string_view piece = stream.substr(0, next_size());
    recorder.write(piece);
    stream.remove_prefix(piece.size());
  }
  return std::move(recorder).finish();
}

Chunks chunks(const Recording& recording) {
  Chunks chunks;
  for (const Chunk& chunk : recording.chunks()) chunks.emplace_back(chunk.bytes);
  return chunks;
}

std::vector<std::int64_t> times(const Recording& recording) {
  std::vector<std::int64_t> times;
  for (const Chunk& chunk : recording.chunks()) times.push_back(chunk.at.count());
  return times;
}

}  // namespace

TEST_CASE("a stream is recorded in the same chunks whatever the pieces in which it arrives") {
  const std::string name = GENERATE(from_range(support::kCompleteStreams));
  INFO(name);
  const std::string stream = support::sample_stream(name);
  const auto whole = record(stream);
  CHECK(whole.recording.bytes == stream);
  CHECK(chunks(whole.recording).size() > 5);
  const auto check = [&](const Answer& pieces) {
    CHECK(pieces.reason.empty());
    CHECK(pieces.completeness == Completeness::complete);
    CHECK(pieces.recording.bytes == stream);
    CHECK(chunks(pieces.recording) == chunks(whole.recording));
  };
  for (std::size_t size = 1; size <= 64; ++size) check(record_pieces(stream, [size] { return size; }));
  std::mt19937 random(1);
  std::uniform_int_distribution<std::size_t> sizes(1, 400);
  for (int run = 0; run < 50; ++run) check(record_pieces(stream, [&] { return sizes(random); }));
}

TEST_CASE("the chunks of a recording are all of its bytes") {
  const Answer answer = record("\xEF\xBB\xBF\n: hello\n\ndata: a\n\n\ndata: b\n\ndata: c");
  CHECK(chunks(answer.recording) == Chunks{"\xEF\xBB\xBF\n: hello\n\n", "data: a\n\n", "\ndata: b\n\n", "data: c"});
}

TEST_CASE("a long stream is recorded byte for byte, however slowly it arrives") {
  const auto pause = GENERATE(std::chrono::milliseconds(0), 3ms, 50ms);
  std::string stream;
  AnswerRecorder recorder({}, kStart);
  auto now = kStart;
  const auto write = [&](const std::string& bytes) {
    stream += bytes;
    recorder.write(bytes, now += pause);
  };
  std::mt19937 random(1);
  for (int count = 0; count < 500; ++count) {
    std::string noise(random() % 300, ' ');  // hardly compressible
    for (char& byte : noise) byte = static_cast<char>('a' + random() % 26);
    write(R"(data: {"choices":[{"index":0,"delta":{"content":")" + noise + R"("},"finish_reason":null}]})" + "\n");
    write("\n");
  }
  write("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
  CHECK(recorder.size() == stream.size());
  const Answer answer = std::move(recorder).finish(now);
  CHECK(answer.completeness == Completeness::complete);
  CHECK(answer.recording.bytes == stream);
  CHECK(answer.recording.marks.size() == 502);
}

TEST_CASE("a chunk's time is when it was whole, since the recording began") {
  AnswerRecorder recorder({}, kStart);
  recorder.write("data: a\n", kStart + 10ms);
  recorder.write("\ndata: b\n\ndata:", kStart + 25ms);
  recorder.write(" c\n\n", kStart + 40ms);
  recorder.write("data: d", kStart + 55ms);
  const Answer answer = std::move(recorder).finish(kStart + 70ms);
  CHECK(times(answer.recording) == std::vector<std::int64_t>{25, 25, 40, 55});
  CHECK(answer.recording.total == 70ms);
  CHECK(answer.metadata.origin_first_chunk == 10ms);
  CHECK(answer.metadata.origin_total == 70ms);
}

TEST_CASE("a chunk that ends in a CR is not later for having waited for a LF") {
  AnswerRecorder recorder({}, kStart);
  recorder.write("data: a\r\r", kStart + 10ms);
  recorder.write("data: b\r\r", kStart + 20ms);
  const Answer answer = std::move(recorder).finish(kStart + 30ms);
  CHECK(chunks(answer.recording) == Chunks{"data: a\r\r", "data: b\r\r"});
  CHECK(times(answer.recording) == std::vector<std::int64_t>{10, 20});
}

TEST_CASE("an empty stream has no chunks") {
  const Answer answer = record("");
  CHECK(answer.bytes().empty());
  CHECK(answer.recording.chunks().empty());
  CHECK(answer.completeness == Completeness::error);
  CHECK_FALSE(answer.metadata.origin_first_chunk);
}
