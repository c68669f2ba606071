// The header of an SQLite database file, the only thing by which a file is taken for ours.
#pragma once

#include <libcache/result.h>

#include <cstdint>
#include <string_view>

namespace libcache::internal::sqlite {

inline constexpr std::size_t kHeaderSize = 100;

// On disk, in the header of each database ("LLMc"): never changes.
inline constexpr std::uint32_t kApplicationId = 0x4c4c4d63;

// The version of the schema, which the header has too.
inline constexpr std::uint32_t kSchemaVersion = 1;

// Fails (refused) unless a file that begins with `bytes` (its header, or all of a shorter file) is a database of ours in
// this version. `path` is for the message.
Status check_header(std::string_view bytes, std::string_view path);

}  // namespace libcache::internal::sqlite
