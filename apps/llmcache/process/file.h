// Reading small files that may be hostile: a file in a cloned repository, or one whose path is a mistake.
#pragma once

#include <libcache/time.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

namespace llmcache {

struct FileRules {
  bool must_be_regular = false;  // otherwise a pipe or a device is accepted too, if it ends
  bool must_be_own = false;      // not a symbolic link, and owned by this user
  std::size_t largest = 1 << 20;
  libcache::Deadline deadline = libcache::Deadline::never();
};

// The content of a file, or nothing if there is none. Throws a Failure, with the path in its message: unavailable if
// the deadline passes first, otherwise usage.
std::optional<std::string> read_small_file(const std::filesystem::path& path, const FileRules& rules);

}  // namespace llmcache
