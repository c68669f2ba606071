// A stream's chunks as the blocks of an entry's payload.
#pragma once

#include <cstdint>
#include <span>

#include "entry/compress.h"
#include "entry/decompress.h"

namespace libcache {

// What the blocks of `chunks` take before compression. Times never go back: an earlier one counts as the latest so far.
std::uint64_t blocks_size(std::span<const Chunk> chunks);
void write_blocks(std::span<const Chunk> chunks, const Emit& emit);

// Hands each chunk to `sink` as soon as it is decoded. Memory: one chunk. Fails: corrupt, or as the sink does.
Status read_blocks(SectionReader& section, const Entry::Sink& sink);

}  // namespace libcache
