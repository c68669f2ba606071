// The log of the entries that were looked up, for `llmcache fixtures unused`: one JSON object per line.
#pragma once

#include <libcache/cache.h>

#include <set>
#include <string>

#include "ui/report.h"

namespace llmcache {

// Appends each use to a file, in one write, so that many processes can share it. Warns once if that fails.
libcache::UseHandler log_uses_to(const std::string& path, const Report& report);

// The names in a log. Throws a Failure (bad_input) for a file that cannot be read or is not such a log.
std::set<std::string> read_use_log(const std::string& path);

}  // namespace llmcache
