// Writes a section of an entry, compressed if that saves space.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "entry/codec.h"

namespace libcache::internal {

// Hands the raw bytes of a section to `emit`, in pieces of any size; may be called more than once.
using Emit = std::function<void(std::string_view)>;
using WriteRaw = std::function<void(const Emit& emit)>;

// Appends the `raw` bytes that `write` emits to `out`: as one zstd frame if there are at least `threshold` of them
// and the frame is smaller, else as they are.
Section append_section(std::string& out, std::uint64_t raw, std::uint64_t threshold, const WriteRaw& write);

}  // namespace libcache::internal
