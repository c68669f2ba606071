// The files in golden/entry were made from llmcache-format(5) alone, with sha256sum, xxhsum and zstd.
#include <fmt/format.h>
#include <libcache/entry.h>

#include <catch2/catch_test_macros.hpp>
#include <iterator>

#include "support/files.h"
#include "support/paths.h"
#include "unit/entry/draft.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;

namespace {

std::string golden(const std::string& name) {
  return content_of(LLMCACHE_TEST_DATA "/golden/entry/" + name);
}

// A hex dump of `text` in the man page's format.
std::string hex_dump(std::string_view text) {
  std::string dump;
  for (std::size_t offset = 0; offset < text.size(); ++offset) {
    if (offset % 16 == 0) dump += fmt::format("{}{:08x} ", offset > 0 ? "\n" : "", offset);
    dump += fmt::format("{} {:02x}", offset % 16 == 8 ? " " : "", static_cast<unsigned char>(text[offset]));
  }
  return dump + '\n';
}

void check_fields(const Entry& entry, const EntryDraft& draft) {
  CHECK(entry.kind() == draft.kind);
  CHECK(entry.created() == draft.created);
  CHECK(entry.expires() == draft.expires);
  CHECK(entry.request_digest() == draft.request_digest);
  CHECK(entry.metadata().value() == draft.metadata);
}

const std::vector<Piece> kChunks = {
    {0ms, "data: {\"a\":1}\n\n"}, {300ms, "data: {\"a\":2}\n\n"}, {300ms, "data: [DONE]\n\n"}};

}  // namespace

TEST_CASE("the golden response decodes to its fields, and they encode to the same bytes") {
  EntryDraft draft = golden_draft(EntryKind::response);
  draft.body = "{\"id\":\"chatcmpl-C1\",\"choices\":[]}\n";
  const Entry entry = Entry::open(golden("response-v1.entry")).value();
  check_fields(entry, draft);
  CHECK(entry.request().value() == kRequest);
  CHECK(entry.body().value() == draft.body);
  CHECK(encode(draft).value() == golden("response-v1.entry"));
}

TEST_CASE("the golden response without expiry, request and metadata decodes, and encodes to the same bytes") {
  const EntryDraft draft{.created = at(1763769600123), .request_digest = sha256(kRequest)};
  const Entry entry = Entry::open(golden("response-never-v1.entry")).value();
  check_fields(entry, draft);
  CHECK_FALSE(entry.request().value());
  CHECK(entry.body().value().empty());
  CHECK(encode(draft).value() == golden("response-never-v1.entry"));
}

TEST_CASE("the golden stream decodes to its chunks, and they encode to the same bytes") {
  EntryDraft draft = golden_draft(EntryKind::stream);
  const auto chunks = views(kChunks);
  draft.chunks = chunks;
  const Entry entry = Entry::open(golden("stream-v1.entry")).value();
  check_fields(entry, draft);
  CHECK(read_all(entry).value() == kChunks);
  CHECK(encode(draft).value() == golden("stream-v1.entry"));
}

TEST_CASE("the golden compressed stream decodes to its request and chunks") {
  const Entry entry = Entry::open(golden("stream-zstd-v1.entry")).value();
  check_fields(entry, golden_draft(EntryKind::stream));
  std::string request = R"({"model":"m","messages":[")";
  for (int word = 0; word < 100; ++word) request += "na\xc3\xafve ";
  CHECK(entry.request().value() == request + R"("]})");
  const auto pieces = read_all(entry).value();
  REQUIRE(pieces.size() == 300);
  for (int index = 0; index < 300; ++index) {
    const auto& [when, bytes] = pieces[static_cast<std::size_t>(index)];
    CHECK(when == index * 7ms);
    CHECK(bytes == R"(data: {"choices":[{"index":0,"delta":{"content":")" + std::to_string(index) + "\"}}]}\n\n");
  }
}

TEST_CASE("the example in llmcache-format(5) is the golden response without expiry, request and metadata") {
  const std::string page = content_of(LLMCACHE_TEST_DATA "/../man/llmcache-format.5");
  CHECK(page.find("\n" + hex_dump(golden("response-never-v1.entry"))) != std::string::npos);
}
