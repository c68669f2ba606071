#include "listing/sorted.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace llmcache {

namespace {

namespace lc = libcache;

// What the order compares: less is earlier. Entries without the property come last.
std::int64_t rank(const ListedEntry& entry, Order order) {
  constexpr std::int64_t kLast = INT64_MAX;
  if (order == Order::size) return -static_cast<std::int64_t>(entry.size);
  if (!entry.head || order == Order::name) return kLast;
  if (order == Order::expires) return entry.head->expires ? entry.head->expires->time_since_epoch().count() : kLast;
  const auto created = entry.head->created.time_since_epoch().count();
  return created == 0 ? kLast : -created;
}

}  // namespace

bool Sorted::is_before(const ListedEntry& left, const ListedEntry& right) const {
  return std::forward_as_tuple(rank(left, order_), left.name) < std::forward_as_tuple(rank(right, order_), right.name);
}

void Sorted::add(ListedEntry entry) {
  const auto before = [this](const auto& left, const auto& right) { return is_before(left, right); };
  if (entries_.size() < most_) {
    entries_.push_back(std::move(entry));
    if (entries_.size() == most_) std::ranges::make_heap(entries_, before);
    return;
  }
  if (!before(entry, entries_.front())) return;
  std::ranges::pop_heap(entries_, before);
  entries_.back() = std::move(entry);
  std::ranges::push_heap(entries_, before);
}

std::vector<ListedEntry> Sorted::take() {
  std::ranges::sort(entries_, [this](const auto& left, const auto& right) { return is_before(left, right); });
  return std::move(entries_);
}

}  // namespace llmcache
