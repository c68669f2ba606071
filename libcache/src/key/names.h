// The names of entries.
#pragma once

#include <libcache/key.h>

#include <string_view>

namespace libcache::internal {

// What stands behind the base key in the name of a stream, a sample and a gateway's chunk; of the latter two a number
// follows.
inline constexpr std::string_view kStreamSuffix = "_stream";
inline constexpr std::string_view kSampleSuffix = "_sample_";
inline constexpr std::string_view kChunkSuffix = "_chunk_";

// Fails (invalid) for a prefix or session that cannot stand in a name.
Status check_names(const KeyOptions& options);

// Fills in the names of a key's entries.
void name_entries(RequestKey& key, const KeyOptions& options, std::string_view hash);

}  // namespace libcache::internal
