#include <libcache/entry.h>

#include <limits>

#include "entry/blocks.h"
#include "entry/codec.h"
#include "entry/compress.h"
#include "entry/metadata.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

namespace {

// Below this size, zstd's own tables are larger than what it saves.
constexpr std::uint64_t kCompressFrom = 512;
// Decompressing 4 KB takes longer than the whole select that fetched it (4.5 us against 2.8 us), so
// short answers are stored uncompressed. Streams are compressed: they shrink to a thirtieth and decode at 10 GB/s.
constexpr std::uint64_t kCompressResponseFrom = 16 << 10;

Section append_bytes(std::string& out, std::string_view bytes, std::uint64_t threshold) {
  return append_section(out, bytes.size(), threshold, [&](const Emit& emit) { emit(bytes); });
}

Section append_payload(std::string& out, const EntryDraft& draft) {
  constexpr auto kNever = std::numeric_limits<std::uint64_t>::max();
  if (draft.kind == EntryKind::response) {
    return append_bytes(out, draft.body, draft.compress ? kCompressResponseFrom : kNever);
  }
  return append_section(out, blocks_size(draft.chunks), draft.compress ? kCompressFrom : kNever,
                        [&](const Emit& emit) { write_blocks(draft.chunks, emit); });
}

}  // namespace

Result<std::string> encode(const EntryDraft& draft) {
  const std::string metadata = write_metadata(draft.metadata);
  if (metadata.size() > kEntryHeadBytes - kHeaderBytes)
    return fail(ErrorCode::invalid, "the answer's metadata is too long for an entry");
  std::string entry(kHeaderBytes, '\0');
  entry += metadata;
  Header header{.kind = draft.kind,
                .created = draft.created,
                .expires = draft.expires,
                .request_digest = draft.request_digest,
                .metadata_size = static_cast<std::uint32_t>(metadata.size())};
  if (draft.request) header.request = append_bytes(entry, *draft.request, kCompressFrom);
  header.payload = append_payload(entry, draft);
  entry.replace(0, kHeaderBytes, write_header(header));
  append_checksum(entry);
  return entry;
}

Result<std::string> with_expiry(std::string entry, std::optional<UnixTime> expires) {
  const auto layout = read_layout(entry);
  if (!layout) return fail(layout.error());
  if (!checksum_holds(entry)) return fail(ErrorCode::corrupt, "the checksum of the entry is wrong");
  Header header = layout->header;
  header.expires = expires;
  entry.resize(entry.size() - kChecksumBytes);
  entry.replace(0, kHeaderBytes, write_header(header));
  append_checksum(entry);
  return entry;
}

}  // namespace libcache LIBCACHE_EXPORT
