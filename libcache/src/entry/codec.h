// The entry format, version 1. llmcache-format(5) describes every byte.
//
//   entry    = header metadata request payload checksum
//   header   = "LLMC" version kind request-encoding payload-encoding created expires digest
//              metadata-size request-raw request-stored payload-raw payload-stored
//              u8 x 4 after the magic, i64 milliseconds x 2, 32 bytes, u32, u64 x 4; all little-endian
//   metadata = compact JSON object, never compressed; header and metadata fit in kEntryHeadBytes
//   request  = section                      the canonical request; absent if it was not kept
//   payload  = section                      a response: its body; a stream: block*
//   section  = raw bytes, as they are ("stored") or as one zstd frame with a window of at most 2^kWindowLog bytes
//   block    = varint(n) n*(varint(delta) varint(length)) n*(chunk)      1 <= n <= kBlockChunks
//              delta: milliseconds since the previous chunk; tables and text are separate to compress well
//   varint   = LEB128, at most 64 bits
//   checksum = XXH3-64 of everything before it
#pragma once

#include <libcache/entry.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace libcache::internal {

// On disk: these numbers never change meaning.
inline constexpr std::string_view kMagic = "LLMC";
inline constexpr std::uint8_t kFormatVersion = 1;
enum class Encoding : std::uint8_t { absent = 0, stored = 1, zstd = 2 };
inline constexpr std::size_t kHeaderBytes = 92;
inline constexpr std::size_t kChecksumBytes = 8;
inline constexpr std::size_t kBlockChunks = 256;
inline constexpr int kWindowLog = 19;

// The sizes of a request or payload, before compression and in the entry.
struct Section {
  Encoding encoding = Encoding::absent;
  std::uint64_t raw = 0;
  std::uint64_t stored = 0;
};

struct Header {
  EntryKind kind = EntryKind::response;
  UnixTime created{};
  std::optional<UnixTime> expires = {};
  Digest request_digest{};
  std::uint32_t metadata_size = 0;
  Section request = {};
  Section payload = {};
};

// The header's bytes.
std::string write_header(const Header& header);
// Reads the header at the beginning of `bytes`; ignores what follows. Fails: corrupt.
Result<Header> read_header(std::string_view bytes);

// The three parts between header and checksum.
struct Layout {
  Header header;
  std::string_view metadata;
  std::string_view request;
  std::string_view payload;
};
// Divides a whole entry; the sizes in its header must add up to its own. Does not check the checksum. Fails: corrupt.
Result<Layout> read_layout(std::string_view entry);

void append_checksum(std::string& entry);
bool checksum_holds(std::string_view entry);

}  // namespace libcache::internal
