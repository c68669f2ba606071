// Entries in an order, of which only the first few may be wanted.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "config/values.h"
#include "listing/row.h"

namespace llmcache {

enum class Order { name, age, size, expires };
inline constexpr Choice<Order> kOrders[] = {
    {"name", Order::name}, {"age", Order::age}, {"size", Order::size}, {"expires", Order::expires}};

// Holds no more entries than are wanted.
class Sorted {
 public:
  Sorted(Order order, std::uint64_t most) : order_(order), most_(most) {}
  void add(ListedEntry entry);
  // All of them, sorted. Call it once.
  std::vector<ListedEntry> take();

 private:
  bool is_before(const ListedEntry& left, const ListedEntry& right) const;

  const Order order_;
  const std::uint64_t most_;
  std::vector<ListedEntry> entries_;  // if they are as many as are wanted: a heap with the last one on top
};

}  // namespace llmcache
