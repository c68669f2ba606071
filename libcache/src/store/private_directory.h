// Directories that only their owner can use.
#pragma once

#include <libcache/result.h>

#include <filesystem>

namespace libcache::internal {

// Creates a directory, and those missing above it, with mode 0700 whatever the umask, and a CACHEDIR.TAG in it. An
// existing one is left as it is. Fails: refused, also where others could put files into it.
Status make_private_directory(const std::filesystem::path& directory);

// Fails (refused) for a directory of another user in which anyone may create files.
Status check_directory(const std::filesystem::path& directory);

}  // namespace libcache::internal
