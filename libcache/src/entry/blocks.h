// A stream's chunks as the blocks of an entry's payload.
#pragma once

#include <cstdint>
#include <span>

#include "entry/compress.h"

namespace libcache::internal {

// What the blocks of `chunks` take before compression. Times never go back: an earlier one counts as the latest so far.
std::uint64_t blocks_size(std::span<const Chunk> chunks);
void write_blocks(std::span<const Chunk> chunks, const Emit& emit);

}  // namespace libcache::internal
