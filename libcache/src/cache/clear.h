// Removing the entries of one key.
#pragma once

#include <libcache/key.h>
#include <libcache/store.h>

#include <cstdint>
#include <string_view>

#include "cache/layout/entries.h"

namespace libcache::internal {

// As Cache::clear. First removes the entries whose names follow from the key, so that they go even if the scan for the
// others is slow or fails. `key` has no suffix of a stream or chunk. Fails: invalid, if it is not a key; as the store.
Result<std::uint64_t> clear(Store& store, const EntryLayout& layout, std::string_view key, KeyScheme scheme,
                            Deadline deadline);

}  // namespace libcache::internal
