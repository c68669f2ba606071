// A stream's chunks as the blocks of an entry's payload.
#pragma once

#include <cstdint>
#include <span>

#include "entry/compress.h"

namespace libcache::internal {

// The size of the blocks of `chunks` before compression. Times never go back: an earlier time counts as the latest one.
std::uint64_t blocks_size(std::span<const Chunk> chunks);
void write_blocks(std::span<const Chunk> chunks, const Emit& emit);

}  // namespace libcache::internal
