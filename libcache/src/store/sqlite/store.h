// The embedded store: one SQLite database file, shared by any number of processes.
//
// A database that is not in use is one file. While it is used, SQLite keeps a log (-wal) and the log's index (-shm)
// next to it; the last process to close it removes them. Flights are files in a directory next to it (-flights).
//
// A file that is not a database of ours is never touched (database/header.h). Reads change nothing: a database without
// a log is read as it is, and the log of one that no process has open is read in memory (database/session.h).
#pragma once

#include <libcache/open.h>

#include <filesystem>
#include <memory>

namespace libcache::internal {

// A store in `file`, which is opened at its first use and created at its first put. It reads through one connection and
// writes through another, so a slow write does not delay readers. `read_only`: nothing is written or created on disk, and
// a damaged file is an error.
std::unique_ptr<Store> make_sqlite_store(std::filesystem::path file, StoreOptions options, bool read_only);

}  // namespace libcache::internal
