// Small things that everything which works on files needs.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>

#include "libcache/result.h"

struct stat;

namespace libcache::internal {

// ErrorCode::refused with a message that begins with the path.
tl::unexpected<Error> refuse_path(const std::filesystem::path& path, std::string_view why);
// The same; the message ends with the meaning of errno.
tl::unexpected<Error> refuse_path_for_errno(const std::filesystem::path& path, std::string_view what);

// Writes all of `bytes`. False, with errno set, if a part of them could not be written.
bool write_all(int file, std::string_view bytes);
bool write_all_at(int file, std::string_view bytes, off_t offset);

bool is_same_file(const struct stat& left, const struct stat& right);

}  // namespace libcache::internal
