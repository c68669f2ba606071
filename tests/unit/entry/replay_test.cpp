// An entry's chunks one after another.
#include <catch2/catch_test_macros.hpp>

#include "unit/entry/draft.h"

using namespace libcache;
using namespace libcache::testing;

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

}  // namespace

TEST_CASE("a replay is the range of a stream's chunks, as recorded") {
  for (const int count : {0, 1, 2, 256, 257, 3000}) {
    const auto pieces = events(count);
    const Entry entry = stream_of(pieces);
    CHECK(replayed(entry) == pieces);
  }
}

TEST_CASE("a replay ends and stays ended") {
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

TEST_CASE("a replay goes on where it was moved to") {
  const auto pieces = events(500);
  const Entry entry = stream_of(pieces);
  Replay first(entry);
  CHECK(first.next().value()->bytes == pieces[0].second);
  Replay second = std::move(first);
  CHECK(second.next().value()->bytes == pieces[1].second);
}
