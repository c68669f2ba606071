// The embedded store: one SQLite database file, shared by any number of processes.
#pragma once

#include <libcache/open.h>

#include <filesystem>
#include <memory>

namespace libcache::internal {

// A store in `file`, which is opened at its first use and created at its first put. It reads through one connection and
// writes through another, so a slow write holds up no reader. `read_only`: nothing is ever written, not even a note of
// what was used, and a damaged file is left where it is.
std::unique_ptr<Store> make_sqlite_store(std::filesystem::path file, StoreOptions options, bool read_only);

}  // namespace libcache::internal
