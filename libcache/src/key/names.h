// The names of entries: how they are formed, and which of them belong to a key.
#pragma once

#include <libcache/key.h>

#include <string_view>

namespace libcache::internal {

inline constexpr std::string_view kStreamSuffix = "_stream";
inline constexpr std::string_view kChunkSuffix = "_chunk_";  // bifrost; the chunk's index follows

// Fails (invalid) for a prefix or session that may not be part of a name.
Status check_names(const KeyOptions& options);

// Fills in the names of a key's entries from its session, endpoint and hash.
void name_entries(RequestKey& key, const KeyOptions& options);

// `name` without the suffix of a stream or of a chunk: the key of a sample, or a base key.
std::string_view without_kind(std::string_view name);

// Whether clearing `key` (without_kind) clears the entry called `name`.
bool covers(std::string_view key, std::string_view name, KeyScheme scheme);

}  // namespace libcache::internal
