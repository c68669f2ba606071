#include <libcache/entry.h>

#include <catch2/catch_test_macros.hpp>

#include "unit/entry/draft.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;

namespace {

Entry stored(const EntryDraft& draft) {
  return Entry::open(encode(draft).value()).value();
}

std::string prose(std::size_t size) {
  std::string text;
  for (std::int64_t word = 0; text.size() < size; ++word) text += "word" + std::to_string(word * 7919 % 10000) + ' ';
  text.resize(size);
  return text;
}

// Bytes that no compressor makes smaller.
std::string noise(std::size_t size) {
  std::string bytes;
  std::uint64_t state = 1;
  while (bytes.size() < size) bytes += static_cast<char>((state = state * 6364136223846793005U + 1) >> 56);
  return bytes;
}

}  // namespace

TEST_CASE("an entry gives back every field of its draft") {
  EntryDraft draft = golden_draft(EntryKind::response);
  draft.metadata.content_type = "application/json";
  draft.metadata.provider = "openai";
  draft.metadata.cached_tokens = 0;
  draft.metadata.reasoning_tokens = 12;
  draft.body = R"({"choices":[]})";
  const Entry entry = stored(draft);
  CHECK(entry.kind() == EntryKind::response);
  CHECK(entry.created() == draft.created);
  CHECK(entry.expires() == draft.expires);
  CHECK(entry.request_digest() == draft.request_digest);
  CHECK(entry.metadata().value() == draft.metadata);
  CHECK(entry.request().value() == kRequest);
  CHECK(entry.body().value() == draft.body);
  CHECK(entry.payload_size() == draft.body.size());
}

TEST_CASE("an entry without expiry, request, metadata or body is valid") {
  const Entry entry = stored({});
  CHECK_FALSE(entry.expires());
  CHECK_FALSE(entry.request().value());
  CHECK(entry.metadata().value() == Metadata{});
  CHECK(entry.body().value().empty());
  CHECK(read_all(entry).value().empty());
}

TEST_CASE("an entry that was moved from can still be asked, and throws nothing") {
  Entry entry = stored(golden_draft(EntryKind::response));
  const Entry moved = std::move(entry);
  CHECK_FALSE(entry.body().has_value());  // NOLINT(bugprone-use-after-move)
  CHECK_NOTHROW(entry.metadata());
  CHECK_NOTHROW(entry.head());
  CHECK_NOTHROW(entry.cost());
}

TEST_CASE("an empty request that was kept differs from a request that was not kept") {
  CHECK(stored({.request = ""}).request().value() == "");
}

TEST_CASE("times before 1970 and at the ends of their range survive") {
  for (const auto when : {at(-1), at(0), UnixTime::min(), UnixTime::max() - 1ms}) {
    const Entry entry = stored({.created = when, .expires = when});
    CHECK(entry.created() == when);
    CHECK(entry.expires() == when);
  }
}

TEST_CASE("a body of any size and content comes back exactly, whole and in pieces") {
  for (const std::size_t size : {1U, 511U, 16383U, 16384U, 131072U, 131073U, 1000000U}) {
    for (const std::string& body : {prose(size), noise(size), std::string(size, '\0')}) {
      const Entry entry = stored({.body = body});
      CHECK(entry.body().value() == body);
      std::string joined;
      const auto pieces = read_all(entry).value();
      for (const auto& [when, piece] : pieces) joined += piece;
      CHECK(joined == body);
    }
  }
}

TEST_CASE("a short response is stored uncompressed, a long one compressed, and random bytes never grow") {
  const std::string brief = prose(4096);
  CHECK(encode({.body = brief}).value().find(brief) != std::string::npos);
  CHECK(encode({.body = prose(100000)}).value().size() < 50000);
  CHECK(encode({.body = noise(100000)}).value().size() < 100200);
}

TEST_CASE("a large request is compressed and comes back exactly") {
  const std::string request = prose(20000);
  const auto bytes = encode({.request = request, .body = "x"}).value();
  CHECK(bytes.size() < 10000);
  CHECK(Entry::open(bytes)->request().value() == request);
}

TEST_CASE("a stream gives back its chunks with their boundaries and times") {
  for (const int count : {0, 1, 2, 255, 256, 257, 1000}) {
    const auto pieces = events(count);
    const auto chunks = views(pieces);
    const Entry entry = stored({.kind = EntryKind::stream, .chunks = chunks});
    CHECK(read_all(entry).value() == pieces);
    std::string joined;
    for (const auto& piece : pieces) joined += piece.second;
    CHECK(entry.body().value() == joined);
  }
}

TEST_CASE("chunks may be empty, larger than any buffer, and of bytes that do not compress") {
  const std::vector<Piece> pieces = {{0ms, ""}, {1ms, noise(300000)},  {1ms, "x"}, {2ms, prose(700000)},
                                     {2ms, ""}, {86400000ms, noise(5)}};
  const auto chunks = views(pieces);
  CHECK(read_all(stored({.kind = EntryKind::stream, .chunks = chunks})).value() == pieces);
}

TEST_CASE("a chunk whose time is before the previous chunk's gets the previous chunk's time") {
  const std::vector<Chunk> chunks = {{50ms, "a"}, {20ms, "b"}, {60ms, "c"}};
  const std::vector<Piece> expected = {{50ms, "a"}, {50ms, "b"}, {60ms, "c"}};
  CHECK(read_all(stored({.kind = EntryKind::stream, .chunks = chunks})).value() == expected);
}

TEST_CASE("a stream of 500 events takes less than a twelfth of its bytes") {
  const auto pieces = events(500);
  const auto chunks = views(pieces);
  const Entry entry = stored({.kind = EntryKind::stream, .chunks = chunks});
  CHECK(entry.stored_size() * 12 < entry.payload_size());
  CHECK(entry.stored_size() < 8000);
}

TEST_CASE("reading stops at the sink's error and returns it") {
  const auto pieces = events(5000);
  const auto chunks = views(pieces);
  const Entry entry = stored({.kind = EntryKind::stream, .chunks = chunks});
  int delivered = 0;
  const auto status = entry.read([&](const Chunk&) -> Status {
    if (++delivered == 3) return fail(ErrorCode::refused, "enough");
    return {};
  });
  CHECK(delivered == 3);
  CHECK(status.error().code == ErrorCode::refused);
}

TEST_CASE("one entry can be read while another one is") {
  const auto pieces = events(2000);
  const auto chunks = views(pieces);
  const Entry entry = stored({.kind = EntryKind::stream, .chunks = chunks});
  std::vector<Piece> outer;
  const auto status = entry.read([&](const Chunk& chunk) -> Status {
    if (outer.size() == 1000) CHECK(read_all(entry).value() == pieces);
    outer.emplace_back(chunk.at, chunk.bytes);
    return {};
  });
  CHECK(status.has_value());
  CHECK(outer == pieces);
}

TEST_CASE("the head reads from the first bytes alone and equals the entry's") {
  EntryDraft draft = golden_draft(EntryKind::response);
  const std::string body = noise(100000);
  draft.body = body;
  const auto head = decode_head(std::string_view(encode(draft).value()).substr(0, kEntryHeadBytes)).value();
  CHECK(head.kind == EntryKind::response);
  CHECK(head.created == draft.created);
  CHECK(head.expires == draft.expires);
  CHECK(head.request_digest == draft.request_digest);
  CHECK(head.metadata == draft.metadata);
  CHECK(head.payload_size == body.size());
}

TEST_CASE("metadata that would not fit in the head is refused, and metadata that fits is kept") {
  EntryDraft draft{.metadata = {.model = std::string(900, 'm')}};
  CHECK(decode_head(encode(draft).value()).value().metadata == draft.metadata);
  draft.metadata.model.append(100, 'm');
  CHECK(encode(draft).error().code == ErrorCode::invalid);
}

TEST_CASE("metadata keeps any text and replaces invalid UTF-8") {
  CHECK(stored({.metadata = {.model = "na\xc3\xafve \"\\\n\x01"}}).metadata()->model == "na\xc3\xafve \"\\\n\x01");
  CHECK(stored({.metadata = {.model = "a\xff"}}).metadata()->model == "a\xef\xbf\xbd");
}

TEST_CASE("kinds have the names that people read") {
  CHECK(to_string(EntryKind::response) == "response");
  CHECK(to_string(EntryKind::stream) == "stream");
}
