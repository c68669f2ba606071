// Which elements of two lists belong together.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace libcache::internal {

// The places of an element in both lists; nothing: it is only in the other one.
struct AlignedPlace {
  std::optional<std::size_t> left;
  std::optional<std::size_t> right;
};

// Every element of both lists, in an order that follows both. As many equal elements as possible belong together, and
// between them those that have most of their beginning and end in common. In lists that differ in thousands of elements
// those at the same places do.
std::vector<AlignedPlace> align(const std::vector<std::string>& left, const std::vector<std::string>& right);

}  // namespace libcache::internal
