#include <libcache/store.h>

#include <utility>

#include "store/memory.h"
#include "store/read_only.h"
#include "store/redis_store.h"

namespace libcache {
namespace {

Result<std::unique_ptr<Store>> open_writable(const StoreUrl& url, const StoreOptions& options) {
  switch (url.kind) {
    case StoreUrl::Kind::memory:
      return make_memory_store(options);
    case StoreUrl::Kind::redis:
    case StoreUrl::Kind::redis_unix:
    case StoreUrl::Kind::redis_cluster:
    case StoreUrl::Kind::redis_sentinel:
      return open_redis_store(url, options);
    case StoreUrl::Kind::sqlite:
      break;
  }
  return fail(ErrorCode::not_supported, "this build has no store for '" + url.redacted() + "'");
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const StoreUrl& url, const StoreOptions& options) {
  auto store = open_writable(url, options);
  if (!store || !url.read_only) return store;
  return make_read_only(std::move(*store));
}

}  // namespace libcache
