// Damaged and crafted entries.
#include <zstd.h>

#include <catch2/catch_test_macros.hpp>

#include "entry/codec.h"
#include "unit/entry/draft.h"

using namespace libcache;

using namespace libcache::internal;
using namespace libcache::test;

namespace {

// Calls every function of an entry; corrupt at the first failure.
Status read_everything(std::string bytes) {
  const auto entry = Entry::open(std::move(bytes));
  if (!entry) return fail(entry.error());
  if (const auto metadata = entry->metadata(); !metadata) return fail(metadata.error());
  if (const auto request = entry->request(); !request) return fail(request.error());
  if (const auto body = entry->body(); !body) return fail(body.error());
  return entry->read([](const Chunk&) { return Status(); });
}

bool corrupt(const std::string& bytes) {
  const auto status = read_everything(bytes);
  return !status && status.error().code == ErrorCode::corrupt;
}

// An entry made of the given parts, with a correct checksum.
std::string crafted(const Header& header, std::string_view metadata, std::string_view request,
                    std::string_view payload) {
  std::string bytes = write_header(header);
  bytes.append(metadata).append(request).append(payload);
  append_checksum(bytes);
  return bytes;
}

std::string crafted(EntryKind kind, Section payload_section, std::string_view payload) {
  return crafted({.kind = kind, .metadata_size = 2, .payload = payload_section}, "{}", "", payload);
}

std::string stored_stream(std::string_view payload) {
  return crafted(EntryKind::stream, {Encoding::stored, payload.size(), payload.size()}, payload);
}

std::string compressed(std::string_view bytes, int window_log = 0) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress2(context, out.data(), out.size(), bytes.data(), bytes.size()));
  ZSTD_freeCCtx(context);
  return out;
}

std::string compressed_response(std::string_view frame, std::uint64_t raw) {
  return crafted(EntryKind::response, {Encoding::zstd, raw, frame.size()}, frame);
}

// A varint of `value`.
std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

std::string sample_entry() {
  static const auto pieces = events(40);
  static const auto chunks = views(pieces);
  EntryDraft draft = golden_draft(EntryKind::stream);
  draft.chunks = chunks;
  return encode(draft).value();
}

constexpr std::uint64_t kHuge = UINT64_MAX;

}  // namespace

TEST_CASE("a change of any single bit of an entry is detected") {
  const std::string sound = sample_entry();
  REQUIRE(read_everything(sound).has_value());
  for (std::size_t bit = 0; bit < sound.size() * 8; ++bit) {
    std::string flipped = sound;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    if (!corrupt(flipped)) FAIL("bit " << bit);
  }
}

TEST_CASE("an entry that is cut anywhere, or followed by more bytes, is detected") {
  const std::string sound = sample_entry();
  for (std::size_t size = 0; size < sound.size(); ++size)
    if (!corrupt(sound.substr(0, size))) FAIL("cut at " << size);
  CHECK(corrupt(sound + '\0'));
  CHECK(corrupt(sound + sound));
}

TEST_CASE("with a corrected checksum, a change of any single bit gives an entry or fails as corrupt") {
  const std::string sound = sample_entry();
  const std::string content = sound.substr(0, sound.size() - kChecksumBytes);
  std::size_t found = 0;
  for (std::size_t bit = 0; bit < content.size() * 8; ++bit) {
    std::string flipped = content;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    append_checksum(flipped);
    const auto status = read_everything(flipped);
    if (status) continue;
    CHECK(status.error().code == ErrorCode::corrupt);
    ++found;
  }
  CHECK(found > content.size());
}

TEST_CASE("with a corrected checksum, an entry that is cut anywhere is corrupt") {
  const std::string sound = sample_entry();
  for (std::size_t size = 0; size + kChecksumBytes < sound.size(); ++size) {
    std::string cut = sound.substr(0, size);
    append_checksum(cut);
    if (!corrupt(cut)) FAIL("cut at " << size);
  }
}

TEST_CASE("the crafted entries below are valid before each changes one thing") {
  CHECK(read_everything(stored_stream("")).has_value());
  CHECK(read_everything(stored_stream(varint(1) + varint(0) + varint(3) + "abc")).has_value());
  CHECK(read_everything(compressed_response(compressed("hello"), 5)).has_value());
}

TEST_CASE("sizes that do not add up, or overflow, are corrupt") {
  const Section hello{Encoding::stored, 5, 5};
  CHECK(read_everything(crafted({.metadata_size = 2, .request = hello, .payload = hello}, "{}", "hello", "hello")));
  CHECK(corrupt(crafted({.metadata_size = 3, .payload = hello}, "{}", "", "hello")));
  CHECK(corrupt(crafted({.metadata_size = UINT32_MAX, .payload = hello}, "{}", "", "hello")));
  CHECK(corrupt(crafted({.metadata_size = 2, .payload = {Encoding::stored, 4, 4}}, "{}", "", "hello")));
  CHECK(corrupt(crafted({.metadata_size = 2, .payload = {Encoding::stored, 6, 5}}, "{}", "", "hello")));
  CHECK(corrupt(crafted({.metadata_size = 2, .payload = {Encoding::stored, kHuge, kHuge}}, "{}", "", "hello")));
  const Section wraps{Encoding::stored, kHuge - 4, kHuge - 4};  // together with the payload's 5: none
  CHECK(corrupt(crafted({.metadata_size = 2, .request = wraps, .payload = hello}, "{}", "", "hello")));
}

TEST_CASE("unknown kinds, versions and encodings are corrupt") {
  const Section hello{Encoding::stored, 5, 5};
  for (const int kind : {0, 3, 255})
    CHECK(corrupt(crafted({.kind = EntryKind(kind), .metadata_size = 2, .payload = hello}, "{}", "", "hello")));
  for (const int encoding : {0, 3, 255})
    CHECK(corrupt(crafted({.metadata_size = 2, .payload = {Encoding(encoding), 5, 5}}, "{}", "", "hello")));
  CHECK(corrupt(
      crafted({.metadata_size = 2, .request = {Encoding::absent, 5, 5}, .payload = hello}, "{}", "hello", "hello")));
  for (const std::size_t byte : {0U, 4U}) {
    std::string bytes = crafted({.metadata_size = 2, .payload = hello}, "{}", "", "hello");
    bytes.resize(bytes.size() - kChecksumBytes);
    ++bytes[byte];
    append_checksum(bytes);
    CHECK(corrupt(bytes));
  }
}

TEST_CASE("metadata that is not an object whose members have the known types is corrupt") {
  for (const std::string_view json : {"", "[]", "{", "null", R"({"model":1})", R"({"prompt_tokens":"1"})",
                                      R"({"prompt_tokens":1.5})", R"({"origin_total_ms":null})"}) {
    const Header header{.metadata_size = static_cast<std::uint32_t>(json.size()), .payload = {Encoding::stored, 0, 0}};
    CHECK(corrupt(crafted(header, json, "", "")));
  }
  const std::string_view newer = R"({"model":"m","of_a_later_version":[1]})";
  const Header header{.metadata_size = static_cast<std::uint32_t>(newer.size()), .payload = {Encoding::stored, 0, 0}};
  CHECK(Entry::open(crafted(header, newer, "", ""))->metadata()->model == "m");
}

TEST_CASE("a compressed section must be one whole frame of exactly the length it declares") {
  const std::string frame = compressed("hello");
  CHECK(corrupt(compressed_response(frame, 4)));
  CHECK(corrupt(compressed_response(frame, 6)));
  CHECK(corrupt(compressed_response(frame, kHuge)));
  CHECK(corrupt(compressed_response(frame + "x", 5)));
  CHECK(corrupt(compressed_response(frame + frame, 10)));
  CHECK(corrupt(compressed_response(frame + compressed(""), 5)));
  CHECK(corrupt(compressed_response("", 0)));
  CHECK(corrupt(compressed_response("hello", 5)));
  for (std::size_t size = 0; size < frame.size(); ++size) CHECK(corrupt(compressed_response(frame.substr(0, size), 5)));
}

TEST_CASE("a frame that requires a large window is corrupt, and the window is not allocated") {
  std::string text;
  for (std::int64_t line = 0; text.size() < (3U << 20); ++line) text += std::to_string(line * 7919) + '\n';
  CHECK(read_everything(compressed_response(compressed(text, kWindowLog), text.size())).has_value());
  CHECK(corrupt(compressed_response(compressed(text, kWindowLog + 1), text.size())));
  // Window descriptor 0xff: 2^41 bytes and seven eighths of that.
  CHECK(corrupt(compressed_response(std::string_view("\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00", 9), 0)));
}

TEST_CASE("the first chunks of a long stream are delivered from the first few kilobytes of its entry") {
  const auto pieces = events(60000);
  const auto chunks = views(pieces);
  const std::string sound = encode({.kind = EntryKind::stream, .chunks = chunks}).value();
  auto [header, metadata, request, payload] = read_layout(sound).value();
  header.payload.stored = 4 << 10;
  REQUIRE(payload.size() > 5 * header.payload.stored);
  const auto entry = Entry::open(crafted(header, metadata, "", payload.substr(0, 4 << 10))).value();
  std::size_t delivered = 0;
  const auto status = entry.read([&](const Chunk& chunk) -> Status {
    CHECK(chunk.bytes == pieces[delivered].second);
    ++delivered;
    return {};
  });
  CHECK(status.error().code == ErrorCode::corrupt);
  CHECK(delivered > 500);
}

TEST_CASE("a skippable frame is not a valid section") {
  CHECK(corrupt(compressed_response(std::string_view("\x50\x2a\x4d\x18\x00\x00\x00\x00", 8), 0)));
}

TEST_CASE("a block's table must be whole, of 1 to 256 rows, with numbers of 64 bits") {
  const std::string row = varint(0) + varint(1);
  CHECK(corrupt(stored_stream(varint(0))));
  CHECK(corrupt(stored_stream(varint(257))));
  CHECK(corrupt(stored_stream(varint(kHuge))));
  CHECK(corrupt(stored_stream(varint(2) + row + "ab")));
  CHECK(corrupt(stored_stream(varint(1) + row)));
  CHECK(corrupt(stored_stream(varint(1) + row + "ab")));
  CHECK(corrupt(stored_stream("\x80")));
  CHECK(corrupt(stored_stream(std::string(10, '\x80') + '\0')));
  CHECK(corrupt(stored_stream(varint(1) + varint(0) + std::string(9, '\xff') + '\x02')));
}

TEST_CASE("lengths and times that overflow are corrupt") {
  CHECK(corrupt(stored_stream(varint(1) + varint(0) + varint(kHuge) + "abc")));
  CHECK(corrupt(stored_stream(varint(1) + varint(0) + varint(kHuge >> 1) + "abc")));
  CHECK(corrupt(stored_stream(varint(1) + varint(kHuge) + varint(0))));
  const std::string latest = varint(kHuge >> 1);
  CHECK(read_everything(stored_stream(varint(1) + latest + varint(0))).has_value());
  CHECK(corrupt(stored_stream(varint(2) + latest + varint(0) + varint(1) + varint(0))));
}

TEST_CASE("reading the head of a truncated entry or of other data fails as corrupt") {
  const std::string sound = sample_entry();
  const std::size_t head = kHeaderBytes + read_header(sound)->metadata_size;
  for (std::size_t size = 0; size < head; ++size) CHECK_FALSE(decode_head(sound.substr(0, size)));
  CHECK(decode_head(sound.substr(0, head)).has_value());
  CHECK(decode_head(std::string(200, 'x')).error().code == ErrorCode::corrupt);
}
