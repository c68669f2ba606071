// Any bytes, unchanged and with a corrected checksum: they are an entry or corrupt, and the contents of an entry can be encoded
// again.
#include <libcache/entry.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "entry/codec.h"

using namespace libcache;

using namespace libcache::internal;

namespace {

// A few valid bytes may decompress to gigabytes; reading stops here.
constexpr std::size_t kEnough = 1 << 20;

void require(bool condition) {
  if (!condition) std::abort();
}

template <class T>
bool sound(const Result<T>& result) {
  require(result || result.error().code == ErrorCode::corrupt);
  return result.has_value();
}

void read_payload(const Entry& entry) {
  std::vector<std::pair<Milliseconds, std::string>> pieces;
  std::size_t total = 0;
  const auto status = entry.read([&](const Chunk& chunk) -> Status {
    total += chunk.bytes.size() + 1;
    if (total > kEnough) return fail(ErrorCode::policy, "enough");
    pieces.emplace_back(chunk.at, chunk.bytes);
    return {};
  });
  require(status || status.error().code == ErrorCode::corrupt || status.error().code == ErrorCode::policy);
  if (!status || entry.kind() != EntryKind::stream) return;
  std::vector<Chunk> chunks;
  for (const auto& [at, bytes] : pieces) chunks.push_back({at, bytes});
  const auto again = Entry::open(encode({.kind = EntryKind::stream, .chunks = chunks}).value());
  std::size_t index = 0;
  require(again
              ->read([&](const Chunk& chunk) -> Status {
                require(chunk.at == pieces.at(index).first && chunk.bytes == pieces.at(index).second);
                ++index;
                return {};
              })
              .has_value());
  require(index == pieces.size());
}

void check(std::string bytes) {
  const bool head = sound(decode_head(bytes));
  const auto entry = Entry::open(std::move(bytes));
  if (!sound(entry)) return;
  require(sound(entry->metadata()) == head);
  if (entry->payload_size() <= kEnough) sound(entry->body());
  read_payload(*entry);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  check(bytes);
  append_checksum(bytes);
  check(std::move(bytes));
  return 0;
}
