#include "text/framing.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>
#include <vector>

using namespace libcache;

using namespace libcache::internal;
using namespace std::string_view_literals;

namespace {

using Chunks = std::vector<std::string>;

// The chunks of a stream that arrives in pieces of one size. What is left at its end is one more.
Chunks chunks(Framing framing, std::string_view stream, std::size_t piece) {
  Framer framer(framing);
  Chunks chunks;
  std::size_t begin = 0;
  const auto take = [&](std::string_view arrived) {
    while (const auto end = framer.next(arrived)) {
      chunks.emplace_back(stream.substr(begin, *end - begin));
      begin = *end;
      CHECK(framer.end() == begin);
    }
  };
  for (std::size_t size = 0; size < stream.size(); size += piece) take(stream.substr(0, size + piece));
  framer.close();
  take(stream);
  if (begin < stream.size()) chunks.emplace_back(stream.substr(begin));
  return chunks;
}

// The same, but for every size of pieces.
Chunks chunks(Framing framing, std::string_view stream) {
  const Chunks whole = chunks(framing, stream, stream.size());
  for (std::size_t piece = 1; piece < stream.size(); ++piece) CHECK(chunks(framing, stream, piece) == whole);
  return whole;
}

Chunks sse(std::string_view stream) {
  return chunks(Framing::sse, stream);
}

Chunks ndjson(std::string_view stream) {
  return chunks(Framing::ndjson, stream);
}

std::optional<std::string> data(std::string_view chunk) {
  std::string scratch;
  const StreamEvent event = parse_event(Framing::sse, chunk, scratch);
  return event.data ? std::optional(std::string(*event.data)) : std::nullopt;
}

std::string name(std::string_view chunk) {
  std::string scratch;
  return std::string(parse_event(Framing::sse, chunk, scratch).name);
}

}  // namespace

TEST_CASE("a stream's first bytes tell how it is framed") {
  CHECK(find_framing("data: x") == Framing::sse);
  CHECK(find_framing("data:") == Framing::sse);
  CHECK(find_framing("event: message_start\n") == Framing::sse);
  CHECK(find_framing("id: 1\n") == Framing::sse);
  CHECK(find_framing("retry: 1\n") == Framing::sse);
  CHECK(find_framing(": keep-alive") == Framing::sse);
  CHECK(find_framing(":") == Framing::sse);
  CHECK(find_framing("{") == Framing::ndjson);
  CHECK(find_framing("Dear reader") == Framing::raw);
  CHECK(find_framing("dated: today") == Framing::raw);
  CHECK(find_framing("[{") == Framing::raw);
}

TEST_CASE("what stands in front of a stream does not change how it is framed") {
  CHECK(find_framing("\xEF\xBB\xBF"
                     "data: x") == Framing::sse);
  CHECK(find_framing("\xEF\xBB\xBF{") == Framing::ndjson);
  CHECK(find_framing("\n\r\n\rdata: x") == Framing::sse);
  CHECK(find_framing(" \r\n\t{") == Framing::ndjson);
  CHECK(find_framing("\n data: x") == Framing::raw);
}

TEST_CASE("the framing of a stream is open while its first bytes can be more than one") {
  const auto* const beginning =
      GENERATE("", "\xEF", "\xEF\xBB", "\xEF\xBB\xBF", "\n\n", " ", "d", "data", "event", "i", "id", "retr");
  INFO(beginning);
  CHECK(find_framing(beginning) == std::nullopt);
}

TEST_CASE("an event ends behind its blank line, whichever way its lines end") {
  CHECK(sse("data: a\n\ndata: b\n\n") == Chunks{"data: a\n\n", "data: b\n\n"});
  CHECK(sse("data: a\r\n\r\ndata: b\r\n\r\n") == Chunks{"data: a\r\n\r\n", "data: b\r\n\r\n"});
  CHECK(sse("data: a\r\rdata: b\r\r") == Chunks{"data: a\r\r", "data: b\r\r"});
  CHECK(sse("data: a\n\r\ndata: b\r\n\ndata: c\r\n\r") == Chunks{"data: a\n\r\n", "data: b\r\n\n", "data: c\r\n\r"});
}

TEST_CASE("blank lines and comments before an event are part of its chunk") {
  CHECK(sse("\n\r\n\ndata: a\n\n\n\n: b\ndata: b\n\n") == Chunks{"\n\r\n\ndata: a\n\n", "\n\n: b\ndata: b\n\n"});
}

TEST_CASE("a comment with a blank line is a chunk") {
  CHECK(sse(": ping\n\ndata: a\n\n") == Chunks{": ping\n\n", "data: a\n\n"});
}

TEST_CASE("a byte-order mark is no line") {
  CHECK(sse("\xEF\xBB\xBF\ndata: a\n\ndata: b\n\n") == Chunks{"\xEF\xBB\xBF\ndata: a\n\n", "data: b\n\n"});
}

TEST_CASE("the last chunk of a stream needs no end") {
  CHECK(sse("data: a\n\ndata: b") == Chunks{"data: a\n\n", "data: b"});
  CHECK(sse("data: a\n\ndata: b\n") == Chunks{"data: a\n\n", "data: b\n"});
  CHECK(ndjson("{}\n{}") == Chunks{"{}\n", "{}"});
}

TEST_CASE("a CR holds its chunk back until it is known to stand alone") {
  Framer framer(Framing::sse);
  CHECK(framer.next("data: a\r\r") == std::nullopt);
  CHECK(framer.next("data: a\r\r\n") == 10);
  Framer closed(Framing::sse);
  closed.close();
  CHECK(closed.next("data: a\r\r") == 9);
}

TEST_CASE("each line of NDJSON is a chunk, with the blank ones before it") {
  CHECK(ndjson("{\"a\":1}\n{\"b\":2}\r\n") == Chunks{"{\"a\":1}\n", "{\"b\":2}\r\n"});
  CHECK(ndjson("{}\n\n \r\n{}\n") == Chunks{"{}\n", "\n \r\n{}\n"});
}

TEST_CASE("a raw stream has no chunks of its own") {
  CHECK(chunks(Framing::raw, "one\n\ntwo\n") == Chunks{"one\n\ntwo\n"});
}

TEST_CASE("an event's data is that of its data lines, joined") {
  CHECK(data("data: a\n\n") == "a");
  CHECK(data("data:a\n\n") == "a");
  CHECK(data("data:  a \n\n") == " a ");
  CHECK(data("data: {\"a\":\ndata: 1}\n\n") == "{\"a\":\n1}");
  CHECK(data("data: a\rdata: b\r\ndata\ndata: c") == "a\nb\n\nc");
  CHECK(data("\xEF\xBB\xBF"
             "data: a\n\n") == "a");
  CHECK(data("data\n\n") == "");
}

TEST_CASE("fields around the data are not data") {
  const auto* const event =
      "\n: a comment\nid: 7\nevent: delta\nretry: 1000\ndata: a\ndatabase: b\n data: c\nunknown\n\n";
  CHECK(data(event) == "a");
  CHECK(name(event) == "delta");
  CHECK(name("event: one\nevent:two\n\n") == "two");
  CHECK(name("data: a\n\n") == "");
}

TEST_CASE("an event without data lines has no data") {
  CHECK(data(": ping\n\n") == std::nullopt);
  CHECK(data("event: ping\n\n") == std::nullopt);
  CHECK(data("\n") == std::nullopt);
  CHECK(data("") == std::nullopt);
}

TEST_CASE("a chunk's data is one line") {
  CHECK(data_of("data: a\n\n") == "a");
  CHECK(data_of("event: e\ndata: {\"a\":\ndata: 1}\r\n\r\n") == "{\"a\": 1}");
  CHECK(data_of("{\"a\":1}\r\n") == "{\"a\":1}");
  CHECK(data_of("\n{\"a\":1}") == "{\"a\":1}");
  CHECK(data_of("field: x\ndata: a\n\n") == "a");
  CHECK(data_of(": ping\n\n") == std::nullopt);
  CHECK(data_of("\r\n") == std::nullopt);
}
