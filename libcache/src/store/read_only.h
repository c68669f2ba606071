// A store that may only be read, whatever stands behind it.
#pragma once

#include <libcache/store.h>

#include <memory>

namespace libcache::internal {

// Passes reads on to `store`, which it owns, and refuses every put and remove.
std::unique_ptr<Store> make_read_only(std::unique_ptr<Store> store);

}  // namespace libcache::internal
