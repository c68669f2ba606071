// A wrapper that makes any store read-only.
#pragma once

#include <libcache/store.h>

#include <memory>

namespace libcache::internal {

// Forwards reads to `store`, which it owns, and refuses every put and remove.
std::unique_ptr<Store> make_read_only(std::unique_ptr<Store> store);

}  // namespace libcache::internal
