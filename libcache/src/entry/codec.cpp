#include "entry/codec.h"

#include <limits>
#include <type_traits>

#include "base/hash.h"

namespace libcache::internal {

namespace {

constexpr auto kNever = UnixTime::max();

template <class Integer>
void put(std::string& out, Integer value) {
  const auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
  for (std::size_t byte = 0; byte < sizeof bits; ++byte) out += static_cast<char>(bits >> (8 * byte) & 0xff);
}

// Reads fields one after another; the caller has checked that there are enough bytes.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}

  std::string_view bytes(std::size_t count) {
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  template <class Integer>
  Integer integer() {
    std::uint64_t bits = 0;
    const auto field = bytes(sizeof(Integer));
    for (std::size_t byte = 0; byte < field.size(); ++byte)
      bits |= std::uint64_t{static_cast<std::uint8_t>(field[byte])} << (8 * byte);
    return static_cast<Integer>(bits);
  }

  UnixTime time() { return UnixTime(Milliseconds(integer<std::int64_t>())); }

 private:
  std::string_view rest_;
};

bool valid(const Section& section) {
  switch (section.encoding) {
    case Encoding::absent:
      return section.raw == 0 && section.stored == 0;
    case Encoding::stored:
      return section.raw == section.stored;
    case Encoding::zstd:
      return true;
  }
  return false;
}

Status check(const Header& header) {
  if (header.kind != EntryKind::response && header.kind != EntryKind::stream)
    return fail(ErrorCode::corrupt, "entry of an unknown kind");
  if (header.metadata_size > kEntryHeadBytes - kHeaderBytes)
    return fail(ErrorCode::corrupt, "entry's metadata is too long");
  if (!valid(header.request) || !valid(header.payload) || header.payload.encoding == Encoding::absent)
    return fail(ErrorCode::corrupt, "entry's encodings and sizes contradict each other");
  return {};
}

}  // namespace

std::string write_header(const Header& header) {
  std::string out(kMagic);
  put(out, kFormatVersion);
  put(out, static_cast<std::uint8_t>(header.kind));
  put(out, static_cast<std::uint8_t>(header.request.encoding));
  put(out, static_cast<std::uint8_t>(header.payload.encoding));
  put(out, std::int64_t{header.created.time_since_epoch().count()});
  put(out, std::int64_t{header.expires.value_or(kNever).time_since_epoch().count()});
  out.append(header.request_digest.begin(), header.request_digest.end());
  put(out, header.metadata_size);
  for (const Section& section : {header.request, header.payload}) {
    put(out, section.raw);
    put(out, section.stored);
  }
  return out;
}

Result<Header> read_header(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return fail(ErrorCode::corrupt, "entry is cut off");
  Fields fields(bytes);
  if (fields.bytes(kMagic.size()) != kMagic) return fail(ErrorCode::corrupt, "not an entry");
  if (fields.integer<std::uint8_t>() != kFormatVersion)
    return fail(ErrorCode::corrupt, "entry of an unknown format version");
  Header header;
  header.kind = static_cast<EntryKind>(fields.integer<std::uint8_t>());
  header.request.encoding = static_cast<Encoding>(fields.integer<std::uint8_t>());
  header.payload.encoding = static_cast<Encoding>(fields.integer<std::uint8_t>());
  header.created = fields.time();
  header.expires = fields.time();
  if (header.expires == kNever) header.expires.reset();
  const auto digest = fields.bytes(header.request_digest.size());
  std::copy(digest.begin(), digest.end(), header.request_digest.begin());
  header.metadata_size = fields.integer<std::uint32_t>();
  for (Section* section : {&header.request, &header.payload}) {
    section->raw = fields.integer<std::uint64_t>();
    section->stored = fields.integer<std::uint64_t>();
  }
  if (auto status = check(header); !status) return fail(status.error());
  return header;
}

Result<Layout> read_layout(std::string_view entry) {
  auto header = read_header(entry);
  if (!header) return fail(header.error());
  Layout layout{.header = *header, .metadata = {}, .request = {}, .payload = {}};
  auto rest = entry.substr(kHeaderBytes);
  const auto take = [&rest](std::uint64_t size, std::string_view& part) {
    if (size > rest.size()) return false;
    part = rest.substr(0, size);
    rest.remove_prefix(size);
    return true;
  };
  if (!take(header->metadata_size, layout.metadata) || !take(header->request.stored, layout.request) ||
      !take(header->payload.stored, layout.payload) || rest.size() != kChecksumBytes)
    return fail(ErrorCode::corrupt, "entry's sizes do not add up");
  return layout;
}

void append_checksum(std::string& entry) {
  put(entry, xxh3_64(entry));
}

bool checksum_holds(std::string_view entry) {
  if (entry.size() < kChecksumBytes) return false;
  const auto content = entry.substr(0, entry.size() - kChecksumBytes);
  return Fields(entry.substr(content.size())).integer<std::uint64_t>() == xxh3_64(content);
}

}  // namespace libcache::internal
