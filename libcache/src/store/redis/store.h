// Values in a Redis or Valkey: what each verb says to the server. Knows nothing of topology.
#pragma once

#include <libcache/store.h>

#include <memory>

namespace libcache::internal {

// Connects at its first use. Never sends EVAL, KEYS or a flush; a command names one key. Fails: invalid, for TLS
// options that cannot be used; not_supported.
Result<std::unique_ptr<Store>> open_redis_store(const StoreUrl& url, const StoreOptions& options);

}  // namespace libcache::internal
