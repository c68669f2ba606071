// An entry's chunks one after another.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "entry/codec.h"
#include "unit/entry/draft.h"

using namespace libcache;

using namespace libcache::internal;
using namespace libcache::test;

namespace {

Entry stream_of(const std::vector<Piece>& pieces) {
  EntryDraft draft = golden_draft(EntryKind::stream);
  const auto chunks = views(pieces);
  draft.chunks = chunks;
  return Entry::open(encode(draft).value()).value();
}

std::vector<Piece> replayed(const Entry& entry) {
  std::vector<Piece> pieces;
  for (const Result<Chunk>& chunk : Replay(entry)) pieces.emplace_back(chunk.value().at, chunk.value().bytes);
  return pieces;
}

// An entry whose payload is all zeros after the first `share` of it, with a correct checksum.
Entry spoiled(const std::vector<Piece>& pieces, double share) {
  EntryDraft draft = golden_draft(EntryKind::stream);
  const auto chunks = views(pieces);
  draft.chunks = chunks;
  std::string bytes = encode(draft).value();
  const std::size_t payload = read_layout(bytes)->payload.size();
  bytes.resize(bytes.size() - kChecksumBytes);
  const auto kept = bytes.size() - payload + static_cast<std::size_t>(share * static_cast<double>(payload));
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(kept), bytes.end(), '\0');
  append_checksum(bytes);
  return Entry::open(std::move(bytes)).value();
}

}  // namespace

TEST_CASE("the first chunk of a stream of 50 MB is available before 1 % of it is decoded") {
  const auto pieces = events(300'000);
  const Entry entry = spoiled(pieces, 0.02);  // its beginning compresses worse than the rest
  REQUIRE(entry.payload_size() > 50'000'000);
  std::size_t decodable = 0;
  for (const Result<Chunk>& chunk : Replay(entry)) decodable += chunk ? chunk->bytes.size() : 0;
  CHECK(decodable < entry.payload_size() / 100);
  CHECK(Replay(entry).next().value()->bytes == pieces.front().second);
}

TEST_CASE("a replay of a damaged stream delivers the chunks before the damage and then fails") {
  const Entry entry = spoiled(events(30'000), 0.5);
  std::size_t whole = 0;
  std::size_t failed = 0;
  Replay replay(entry);
  for (const Result<Chunk>& chunk : replay) ++(chunk ? whole : failed);
  CHECK(whole > 10'000);
  CHECK(whole < 30'000);
  CHECK(failed == 1);
  CHECK(replay.next().error().code == ErrorCode::corrupt);
}

TEST_CASE("a replay is the range of a stream's chunks, as recorded") {
  for (const int count : {0, 1, 2, 256, 257, 3000}) {
    const auto pieces = events(count);
    const Entry entry = stream_of(pieces);
    CHECK(replayed(entry) == pieces);
  }
}

TEST_CASE("a replay that has ended stays ended") {
  const Entry entry = stream_of(events(1));
  Replay replay(entry);
  CHECK(replay.next().value().has_value());
  CHECK_FALSE(replay.next().value().has_value());
  CHECK_FALSE(replay.next().value().has_value());
}

TEST_CASE("a replay of a response gives its body in pieces") {
  EntryDraft draft = golden_draft(EntryKind::response);
  const std::string body = std::string(300'000, 'x') + "end";
  draft.body = body;
  const Entry entry = Entry::open(encode(draft).value()).value();
  std::string joined;
  for (const auto& [at, bytes] : replayed(entry)) joined += bytes;
  CHECK(joined == body);
}

TEST_CASE("a replay that was moved continues with the next chunk") {
  const auto pieces = events(500);
  const Entry entry = stream_of(pieces);
  Replay first(entry);
  CHECK(first.next().value()->bytes == pieces[0].second);
  Replay second = std::move(first);
  CHECK(second.next().value()->bytes == pieces[1].second);
}
