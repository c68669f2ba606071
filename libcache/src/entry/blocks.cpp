#include "entry/blocks.h"

#include <algorithm>
#include <string>

namespace libcache::internal {

namespace {

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// Calls `visit` with each block's table and chunks.
template <class Visit>
void for_each_block(std::span<const Chunk> chunks, const Visit& visit) {
  Milliseconds latest{0};
  std::string table;
  while (!chunks.empty()) {
    const auto block = chunks.first(std::min(chunks.size(), kBlockChunks));
    chunks = chunks.subspan(block.size());
    table.clear();
    append_varint(table, block.size());
    for (const Chunk& chunk : block) {
      const Milliseconds at = std::max(chunk.at, latest);
      append_varint(table, static_cast<std::uint64_t>((at - latest).count()));
      append_varint(table, chunk.bytes.size());
      latest = at;
    }
    visit(table, block);
  }
}

}  // namespace

std::uint64_t blocks_size(std::span<const Chunk> chunks) {
  std::uint64_t size = 0;
  for_each_block(chunks, [&](const std::string& table, std::span<const Chunk> block) {
    size += table.size();
    for (const Chunk& chunk : block) size += chunk.bytes.size();
  });
  return size;
}

void write_blocks(std::span<const Chunk> chunks, const Emit& emit) {
  for_each_block(chunks, [&](const std::string& table, std::span<const Chunk> block) {
    emit(table);
    for (const Chunk& chunk : block) emit(chunk.bytes);
  });
}

}  // namespace libcache::internal
