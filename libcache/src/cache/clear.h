// Removing the entries of one key.
#pragma once

#include <libcache/key.h>
#include <libcache/store.h>

#include <cstdint>
#include <string_view>

#include "cache/layout/entries.h"

namespace libcache::internal {

// As Cache::clear. Removes the entries whose names follow from the key first, so that a search that is slow or fails
// does not keep them alive. `key` has no suffix of a stream or chunk. Fails: invalid, if it is not a key; as the store.
Result<std::uint64_t> clear(Store& store, const EntryLayout& layout, std::string_view key, KeyScheme scheme,
                            Deadline deadline);

}  // namespace libcache::internal
