// The operations of a store for tests in which they must succeed: a failure ends the test with its message.
#pragma once

#include <libcache/store.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libcache::test {

using Names = std::vector<std::string>;

// Long enough for every operation that works.
inline Deadline soon() {
  return Deadline::after(std::chrono::seconds(30));
}

template <class T>
T required(Result<T> result) {
  INFO((result ? "" : result.error().message));
  REQUIRE(result.has_value());
  return std::move(*result);
}

inline std::optional<std::string> get(Store& store, std::string_view name) {
  return required(store.get(name, soon()));
}

inline bool put(Store& store, std::string_view name, std::string_view value, const PutOptions& options = {}) {
  return required(store.put(name, value, options, soon()));
}

inline std::uint64_t remove(Store& store, const Names& names) {
  return required(store.remove(names, soon()));
}

// Sorted by name.
inline std::vector<ScanRow> list(Store& store, std::string_view prefix, std::size_t head_bytes = 0) {
  std::vector<ScanRow> listings;
  const auto visit = [&](const ScanRow& listing) -> Result<bool> {
    listings.push_back(listing);
    return true;
  };
  required(store.scan(prefix, head_bytes, visit, soon()).map([] { return true; }));
  std::ranges::sort(listings, {}, &ScanRow::name);
  return listings;
}

inline Names names(Store& store, std::string_view prefix) {
  Names found;
  for (auto& listing : list(store, prefix)) found.push_back(listing.name);
  return found;
}

}  // namespace libcache::test
