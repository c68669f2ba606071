// What the diagnoses of stores on a file system have in common.
#pragma once

#include <libcache/diagnosis.h>

#include <cstdint>
#include <filesystem>

namespace libcache::internal {

// This directory, or the one in which the first missing directory would be created.
std::filesystem::path nearest_directory(std::filesystem::path directory);

// Whether the process may use a file or a directory that exists. Its check is "permissions".
Finding find_permissions(const std::filesystem::path& place, bool read_only);

// Whether there is space for a store that may grow by `growth` bytes. Its check is "space".
Finding find_free_space(const std::filesystem::path& directory, std::uint64_t growth);

}  // namespace libcache::internal
