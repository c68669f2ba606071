// Several stores as one: near ones, which are fast, before far ones, which are shared.
#pragma once

#include <libcache/store.h>

#include <memory>
#include <vector>

namespace libcache::internal {

// A store and whether it may be written.
struct Tier {
  std::unique_ptr<Store> store;
  bool read_only = false;
};

// Keeps the promises of open_stores(). A write or removal that fails in one tier still goes to the others.
std::unique_ptr<Store> make_tiered_store(std::vector<Tier> near_to_far);

}  // namespace libcache::internal
