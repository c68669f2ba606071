// The identity of a file, independent of its name.
#pragma once

#include <sys/types.h>

#include <compare>
#include <optional>

namespace libcache::internal::sqlite {

struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  auto operator<=>(const FileId&) const = default;
};

}  // namespace libcache::internal::sqlite
