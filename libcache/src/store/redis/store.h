// The Redis store: which commands each function of store.h sends to a Redis or Valkey.
//
// The work is divided into folders, each of which uses only those before it: `wire` (one connection), `server` (one
// server, reliably), `routing` (which server a command must go to) and `doctor` (diagnosis). On top of them this folder
// has the store itself (store), rows and scans (rows, scan), removal (removal), and flights between processes (flights,
// lease, live_tail).
#pragma once

#include <libcache/open.h>

#include <memory>

namespace libcache::internal {

// Connects at the first use. Never sends EVAL, KEYS or a flush, and every command has one key. Fails: invalid, if TLS
// options cannot be used; not_supported, if `url` is not a Redis URL.
Result<std::unique_ptr<Store>> open_redis_store(const StoreUrl& url, const StoreOptions& options);

}  // namespace libcache::internal
