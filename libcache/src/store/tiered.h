// Several stores combined: near ones, which are fast, before far ones, which are shared.
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

// Behaves as open_stores() documents. A write or removal that fails in one tier is still applied to the others.
std::unique_ptr<Store> make_tiered_store(std::vector<Tier> near_to_far);

}  // namespace libcache::internal
