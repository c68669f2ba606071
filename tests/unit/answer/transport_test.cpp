// HTTP header blocks and compressed bodies.
#include <zlib.h>
#include <zstd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "support/streams.h"
#include "unit/answer/judge.h"

using namespace libcache;
using support::judge;

namespace {

std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

const std::string kBody = R"({"model":"m-1","choices":[{"message":{"content":"Yes"},"finish_reason":"stop"}]})";
const std::string kStream = support::sample_stream("openai-chat.sse");

}  // namespace

TEST_CASE("an answer is judged by the status in its header block") {
  CHECK(judge("HTTP/1.1 200 OK\r\n\r\n" + kBody) == Completeness::complete);
  CHECK(judge("HTTP/2 200\ncontent-type: application/json\n\n" + kBody) == Completeness::complete);
  CHECK(judge("HTTP/1.0 500 Internal Server Error\r\nA: b\r\n\r\n" + kBody) == Completeness::error);
  CHECK(judge("HTTP/2 404 \r\n\r\n" + kBody) == Completeness::error);
  CHECK(judge("HTTP/1.1 500 No\r\nA: b\r\n folded\r\n\r\n" + kBody) == Completeness::error);
  CHECK(judge("HTTP/1.1 500 No\r\n not a field\r\n\r\n" + kBody) == Completeness::complete);
  CHECK(judge("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n" + kBody) == Completeness::incomplete);
  CHECK(judge("HTTP/1.1 100 Continue\r\n\r\n") == Completeness::incomplete);
  CHECK(judge("HTTP/1.1 200 OK\r\n\r\n") == Completeness::error);
  CHECK(judge("HTTP/1.1 200 OK\r\n\r\n{\"error\":\"no\"}") == Completeness::error);
}

TEST_CASE("of several header blocks the last one counts") {
  CHECK(judge("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + kBody) == Completeness::complete);
  CHECK(judge("HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 503 \r\n\r\n" + kBody) == Completeness::error);
  CHECK(judge("HTTP/1.1 401 No\r\nContent-Length: 9000\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + kBody) ==
        Completeness::complete);
}

TEST_CASE("an answer that is shorter than its content-length is incomplete") {
  const auto answer = [](std::size_t length) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n" + kBody;
  };
  CHECK(judge(answer(kBody.size())) == Completeness::complete);
  CHECK(judge(answer(kBody.size() + 1)) == Completeness::incomplete);
  CHECK(judge("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9000\r\n\r\n" + kBody) ==
        Completeness::complete);
}

TEST_CASE("a content-length that is not reached counts before what the body says, and after the status") {
  const std::string error = R"({"error":{"message":"no","code":"invalid_api_key"}})";
  for (const std::string& body : {error, std::string("Bad Gateway"), std::string("null"), gzip(error)}) {
    INFO(body);
    CHECK(judge("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n" + body) == Completeness::incomplete);
    CHECK(judge("HTTP/1.1 500 No\r\ncontent-length: 9999\r\n\r\n" + body) == Completeness::error);
    CHECK(judge("HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body) ==
          Completeness::error);
  }
}

TEST_CASE("a header block that does not end is incomplete, and a text about HTTP is a text") {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + kBody;
  for (std::size_t size = 10; size < answer.size(); ++size) {
    INFO(size);
    CHECK(judge(answer.substr(0, size)) != Completeness::complete);
  }
  for (const auto* const text :
       {"HTTP/1.1 keeps its connections open.\n", "HTTP/1.1 200OK\n", "HTTP/2 is\n\nfast",
        "HTTP/1.1 200 OK\nis what a server says.\n", "HTTPS 200", "H", "HTTP", "HTTP/2", "HTTP/1.1 "}) {
    INFO(text);
    CHECK(judge(text) == Completeness::complete);
  }
}

TEST_CASE("a stream's first chunk is its header block, and its events follow") {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
  const Answer answer = support::record(head + kStream);
  CHECK(answer.kind == EntryKind::stream);
  CHECK(answer.completeness == Completeness::complete);
  CHECK(answer.metadata.content_type == "text/event-stream");
  CHECK(answer.bytes() == head + kStream);
  CHECK(answer.recording.marks.front().end == head.size());
  CHECK(answer.recording.marks.size() == support::record(kStream).recording.marks.size() + 1);
}

TEST_CASE("a status that the caller knows counts like one in a header block") {
  CHECK(judge(kBody, {.http_status = 200}) == Completeness::complete);
  CHECK(judge(kBody, {.http_status = 429}) == Completeness::error);
  CHECK(judge(kBody, {.http_status = 301}) == Completeness::incomplete);
}

TEST_CASE("the content type that the caller knows decides on the first letters of an event") {
  CHECK(judge("dat") == Completeness::complete);
  CHECK(judge("dat", {.content_type = "text/event-stream; charset=utf-8"}) == Completeness::incomplete);
}

TEST_CASE("the first letters of an event are not a text after a header block without type and length") {
  const auto* const letters = GENERATE("d", "da", "data", "e", "event", "id", "retry", "\nda");
  INFO(letters);
  CHECK(judge("HTTP/2 200 \r\nx: y\r\n\r\n" + std::string(letters)) == Completeness::incomplete);
  CHECK(judge("HTTP/2 200 \r\ncontent-type: text/event-stream\r\n\r\n" + std::string(letters)) ==
        Completeness::incomplete);
  for (const auto* const known : {"content-type: text/plain", "content-length: 1"}) {
    CHECK(judge("HTTP/2 200 \r\n" + std::string(known) + "\r\n\r\nd") == Completeness::complete);
  }
  CHECK(judge("HTTP/2 200 \r\n\r\nDaedalus") == Completeness::complete);
  CHECK(judge("HTTP/2 200 \r\n\r\nd\n") == Completeness::complete);
}

TEST_CASE("a compressed answer is judged by its decompressed bytes") {
  for (const auto compress : {gzip, zstd}) {
    CHECK(judge(compress(kBody)) == Completeness::complete);
    CHECK(judge_answer(compress(kBody)).metadata.model == "m-1");
    CHECK(judge(compress("{\"error\":\"no\"}")) == Completeness::error);
    CHECK(judge(compress("Bad Gateway")) == Completeness::error);
    CHECK(judge(compress(kStream.substr(0, kStream.size() / 2))) == Completeness::incomplete);
    CHECK(judge("HTTP/1.1 200 OK\r\ncontent-encoding: x\r\n\r\n" + compress(kBody)) == Completeness::complete);
  }
  CHECK(judge(gzip(kBody.substr(0, 20)) + gzip(kBody.substr(20))) == Completeness::complete);
}

TEST_CASE("a compressed answer that is cut or damaged is not complete") {
  for (const std::string& whole : {gzip(kBody), zstd(kBody)}) {
    for (std::size_t size = 16; size < whole.size(); ++size) {
      INFO(size);
      CHECK(judge(whole.substr(0, size)) == Completeness::incomplete);
    }
  }
  std::string damaged = gzip(kBody);
  damaged[damaged.size() - 6] ^= 1;
  CHECK(judge(damaged) == Completeness::error);
}

TEST_CASE("a compressed stream is a stream, in the chunks in which it arrived") {
  const std::string bytes = gzip(kStream);
  AnswerRecorder recorder;
  recorder.write(bytes.substr(0, 100));
  recorder.write(bytes.substr(100));
  const Answer answer = std::move(recorder).finish();
  CHECK(answer.kind == EntryKind::stream);
  CHECK(answer.completeness == Completeness::complete);
  REQUIRE(answer.recording.marks.size() == 2);
  CHECK(answer.recording.marks[0].end == 100);
  TextExtractor text;
  std::string shown;
  for (const Chunk& chunk : answer.recording.chunks()) shown += text.feed(chunk.bytes);
  CHECK((shown + text.finish()).starts_with("Caching pays twice"));
}

TEST_CASE("an answer that decompresses to more than 64 MiB is not judged and counts as complete") {
  const std::string large = R"({"error":")" + std::string(65U << 20, ' ') + "no\"}";
  CHECK(judge(zstd(large)) == Completeness::complete);
  CHECK(judge(gzip(large)) == Completeness::complete);
}

TEST_CASE("the number that curl -w prints after a compressed answer counts") {
  for (const auto& compressed : {gzip(kBody), zstd(kBody)}) {
    CHECK(judge(compressed + "\n200") == Completeness::complete);
    CHECK(judge(compressed + "\n500") == Completeness::error);
    CHECK(judge(compressed + "\n404\n") == Completeness::error);
  }
}
