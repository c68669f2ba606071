#include <libcache/open.h>

#include <system_error>
#include <utility>

#include "fixture/form.h"
#include "store/dir/store.h"
#include "store/memory.h"
#include "store/read_only.h"
#include "store/redis/store.h"
#include "store/sqlite/store.h"
#include "store/tiered.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;
namespace {

Result<std::unique_ptr<Store>> open_path(const StoreUrl& url, const StoreOptions& options) {
  if (url.path.empty()) return fail(ErrorCode::invalid, "'sqlite:' names no file");
  std::error_code error;
  auto path = std::filesystem::absolute(url.path, error);
  if (error) return fail(ErrorCode::refused, "cannot determine the current directory: " + error.message());
  if (url.kind == StoreUrl::Kind::dir)
    return make_dir_store(std::move(path), fixture::make_form(), options, url.read_only);
  return make_sqlite_store(std::move(path), options, url.read_only);
}

Result<std::unique_ptr<Store>> open_writable(const StoreUrl& url, const StoreOptions& options) {
  switch (url.kind) {
    case StoreUrl::Kind::memory:
      return make_memory_store(options);
    case StoreUrl::Kind::sqlite:
    case StoreUrl::Kind::dir:
      return open_path(url, options);
    case StoreUrl::Kind::redis:
    case StoreUrl::Kind::redis_unix:
    case StoreUrl::Kind::redis_cluster:
    case StoreUrl::Kind::redis_sentinel:
      return open_redis_store(url, options);
  }
  return fail(ErrorCode::internal, "a store of no known kind");
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const StoreUrl& url, const StoreOptions& options) {
  if (!options.clock) return fail(ErrorCode::invalid, "a store needs a clock");
  auto store = open_writable(url, options);
  const bool embedded = url.kind == StoreUrl::Kind::sqlite || url.kind == StoreUrl::Kind::dir;
  if (!store || !(url.read_only || (embedded && options.only_reads))) return store;
  return make_read_only(std::move(*store), url.read_only ? "read_only=1" : "StoreOptions::only_reads");
}

Result<std::unique_ptr<Store>> open_stores(std::span<const StoreUrl> near_to_far, const StoreOptions& options) {
  if (near_to_far.empty()) return fail(ErrorCode::invalid, "no store is given");
  if (near_to_far.size() == 1) return open_store(near_to_far.front(), options);
  std::vector<Tier> tiers;
  for (const auto& url : near_to_far) {
    auto store = open_store(url, options);
    if (!store) return store;
    tiers.push_back({.store = std::move(*store), .read_only = url.read_only});
  }
  return make_tiered_store(std::move(tiers));
}

}  // namespace libcache LIBCACHE_EXPORT
