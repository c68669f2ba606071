#pragma once

#include <libcache/diagnosis.h>
#include <libcache/time.h>

#include <filesystem>
#include <vector>

#include "store/dir/form.h"

namespace libcache::internal::dir {

// Examines the directory of a store: permissions, free space, and whether each file can be read and found. Writes nothing.
std::vector<Finding> diagnose(const std::filesystem::path& root, const Form& form, bool read_only, Deadline deadline);

}  // namespace libcache::internal::dir
