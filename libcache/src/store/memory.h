// A store in the memory of this process: for tests, and as a near store in a long-running program.
#pragma once

#include <libcache/open.h>

#include <memory>

namespace libcache::internal {

// The values last as long as the object. Stays within options.max_size by evicting the least recently used ones. Fails
// only if the deadline has passed.
std::unique_ptr<Store> make_memory_store(const StoreOptions& options);

}  // namespace libcache::internal
