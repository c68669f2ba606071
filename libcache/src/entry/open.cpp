#include <libcache/entry.h>

#include <utility>

#include "entry/block_reader.h"
#include "entry/codec.h"
#include "entry/decompress.h"
#include "entry/metadata.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

std::string_view to_string(EntryKind kind) {
  switch (kind) {
    case EntryKind::response:
      return "response";
    case EntryKind::stream:
      return "stream";
  }
  return "unknown";
}

Result<EntryHead> decode_head(std::string_view first_bytes) {
  const auto header = read_header(first_bytes);
  if (!header) return fail(header.error());
  const auto json = first_bytes.substr(kHeaderBytes, header->metadata_size);
  if (json.size() != header->metadata_size) return fail(ErrorCode::corrupt, "entry is cut off");
  auto metadata = read_metadata(json);
  if (!metadata) return fail(metadata.error());
  return EntryHead{.kind = header->kind,
                   .created = header->created,
                   .expires = header->expires,
                   .request_digest = header->request_digest,
                   .metadata = *std::move(metadata),
                   .payload_size = header->payload.raw};
}

Result<Entry> Entry::open(std::string bytes) {
  if (!bytes.starts_with(kMagic)) return fail(ErrorCode::corrupt, "not an entry");
  if (!checksum_holds(bytes)) return fail(ErrorCode::corrupt, "entry's checksum does not match");
  const auto layout = read_layout(bytes);
  if (!layout) return fail(layout.error());
  Entry entry;
  entry.kind_ = layout->header.kind;
  entry.created_ = layout->header.created;
  entry.expires_ = layout->header.expires;
  entry.request_digest_ = layout->header.request_digest;
  entry.payload_size_ = layout->header.payload.raw;
  entry.metadata_size_ = layout->header.metadata_size;
  entry.was_accepted_ = says_accepted(layout->metadata);
  entry.bytes_ = std::move(bytes);
  return entry;
}

Result<EntryHead> Entry::head() const {
  return metadata().map([this](Metadata metadata) {
    return EntryHead{.kind = kind_,
                     .created = created_,
                     .expires = expires_,
                     .request_digest = request_digest_,
                     .metadata = std::move(metadata),
                     .payload_size = payload_size_};
  });
}

std::string_view Entry::metadata_json() const {
  if (bytes_.size() < kHeaderBytes) return {};  // moved from
  return std::string_view(bytes_).substr(kHeaderBytes, metadata_size_);
}

Result<Metadata> Entry::metadata() const {
  return read_metadata(metadata_json());
}

AnswerCost Entry::cost() const {
  return read_cost(metadata_json());
}

Result<std::optional<std::string>> Entry::request() const {
  const auto layout = read_layout(bytes_);
  if (!layout) return fail(layout.error());
  if (layout->header.request.encoding == Encoding::absent) return std::nullopt;
  return read_section(layout->header.request, layout->request);
}

Status Entry::read(const Sink& sink) const {
  Replay replay(*this);
  while (true) {
    const auto chunk = replay.next();
    if (!chunk) return fail(chunk.error());
    if (!*chunk) return {};
    if (auto status = sink(**chunk); !status) return status;
  }
}

Result<std::string> Entry::body() const {
  if (kind_ == EntryKind::response) {
    const auto layout = read_layout(bytes_);
    if (!layout) return fail(layout.error());
    return read_section(layout->header.payload, layout->payload);
  }
  std::string joined;
  auto status = read([&](const Chunk& chunk) {
    joined += chunk.bytes;
    return Status();
  });
  if (!status) return fail(status.error());
  return joined;
}

}  // namespace libcache LIBCACHE_EXPORT
