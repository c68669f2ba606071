// A wrapper that makes any store read-only.
#pragma once

#include <libcache/store.h>

#include <memory>
#include <string_view>

namespace libcache::internal {

// Forwards reads to `store`, which it owns, and refuses every put and remove. `cause` is what made it read-only, for
// people.
std::unique_ptr<Store> make_read_only(std::unique_ptr<Store> store, std::string_view cause);

}  // namespace libcache::internal
