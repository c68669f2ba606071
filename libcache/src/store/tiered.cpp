#include "store/tiered.h"

#include <algorithm>
#include <ranges>
#include <string>
#include <unordered_set>
#include <utility>

namespace libcache::internal {
namespace {

// The first failure of several.
void note(std::optional<Error>& failure, const Error& error) {
  if (!failure) failure = error;
}

class TieredStore final : public Store {
 public:
  explicit TieredStore(std::vector<Tier> tiers) : tiers_(std::move(tiers)) {}

  Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) override {
    std::optional<Error> failure;
    std::vector<Store*> lacking;
    for (const Tier& tier : tiers_) {
      auto value = tier.store->get(name, deadline);
      if (!value) {
        note(failure, value.error());
      } else if (*value) {
        if (!lacking.empty()) copy(*tier.store, name, **value, lacking, deadline);
        return value;
      } else if (!tier.read_only) {
        lacking.push_back(tier.store.get());
      }
    }
    if (failure) return fail(*failure);
    return std::nullopt;
  }

  Result<bool> put(std::string_view name, std::string_view value, const PutOptions& options,
                   Deadline deadline) override {
    const auto stores = far_to_near();
    if (stores.empty()) return refuse();
    PutOptions further = options;
    for (Store* store : stores) {
      // Nearer stores never hold what a farther one has not taken.
      const auto written = store->put(name, value, further, deadline);
      if (!written || (further.only_new && !*written)) return written;
      further.only_new = false;
    }
    return true;
  }

  void prepare_put(Deadline deadline) override {
    for (Store* store : far_to_near()) store->prepare_put(deadline);
  }

  Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline) override {
    std::optional<Error> failure;
    std::uint64_t most = 0;
    for (Store* store : far_to_near()) {
      const auto removed = store->remove(names, deadline);
      if (!removed) note(failure, removed.error());
      most = std::max(most, removed.value_or(0));
    }
    if (failure) return fail(*failure);
    if (far_to_near().empty()) return refuse();
    return most;
  }

  // A near copy may be evicted at any time, and its expiry may differ a little: it is removed whether or not the value
  // in the far store has changed.
  Result<Removed> remove_unchanged(std::span<const ScanRow> rows, Deadline deadline) override {
    const auto stores = far_to_near();
    if (stores.empty()) return refuse();
    std::vector<std::string> names;
    for (const ScanRow& row : rows) names.push_back(row.name);
    std::optional<Error> failure;
    Removed most;
    for (Store* store : stores) {
      const auto removed = store->remove_unchanged(rows, deadline);
      if (!removed) note(failure, removed.error());
      if (removed && removed->values > most.values) most = *removed;
      if (store == stores.front()) continue;
      if (const auto copies = store->remove(names, deadline); !copies) note(failure, copies.error());
    }
    if (failure) return fail(*failure);
    return most;
  }

  Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit, Deadline deadline) override {
    std::unordered_set<std::string> seen;
    bool more = true;
    const auto visit_once = [&](const ScanRow& listing) -> Result<bool> {
      if (!seen.insert(listing.name).second) return true;
      auto visited = visit(listing);
      more = visited && *visited;
      return visited;
    };
    for (const Tier& tier : std::views::reverse(tiers_)) {
      if (auto scanned = tier.store->scan(prefix, head_bytes, visit_once, deadline); !scanned || !more) return scanned;
    }
    return {};
  }

  Status ping(Deadline deadline) override {
    for (const Tier& tier : tiers_) {
      if (auto pong = tier.store->ping(deadline); !pong) return pong;
    }
    return {};
  }

  Result<std::optional<ScanRow>> look_up(std::string_view name, std::size_t head_bytes, Deadline deadline) override {
    for (const Tier& tier : std::views::reverse(tiers_)) {
      auto listing = tier.store->look_up(name, head_bytes, deadline);
      if (!listing || *listing) return listing;
    }
    return std::nullopt;
  }

  Result<std::optional<UnixTime>> expired_at(std::string_view name, Deadline deadline) override {
    for (const Tier& tier : tiers_) {
      auto expired = tier.store->expired_at(name, deadline);
      if (!expired || *expired) return expired;
    }
    return std::nullopt;
  }

  Status scan_recent(std::string_view prefix, std::size_t count, const Visitor& visit, Deadline deadline) override {
    return tiers_.back().store->scan_recent(prefix, count, visit, deadline);
  }

  // Of the same store as the flights.
  Statistics* statistics() override {
    for (Store* store : far_to_near()) {
      if (auto* statistics = store->statistics()) return statistics;
    }
    return nullptr;
  }

  // The farthest store is shared by the most programs, so its flights reach all of them.
  Flights* flights() override {
    for (Store* store : far_to_near()) {
      if (auto* flights = store->flights()) return flights;
    }
    return nullptr;
  }

 private:
  // A value that has been removed meanwhile is not copied, because its remaining TTL is unknown; nor does a copy replace
  // what was written meanwhile, such as the rejection of this value. If a copy fails, a
  // later reader has to ask the far store again, nothing else.
  static void copy(Store& from, std::string_view name, std::string_view value, const std::vector<Store*>& to,
                   Deadline deadline) {
    const auto listing = from.look_up(name, 0, deadline);
    if (!listing || !*listing) return;
    for (Store* store : to) (void)store->put(name, value, {.expires = (*listing)->expires, .only_new = true}, deadline);
  }

  static tl::unexpected<Error> refuse() { return fail(ErrorCode::refused, "every store was opened read-only"); }

  std::vector<Store*> far_to_near() const {
    std::vector<Store*> stores;
    for (const Tier& tier : std::views::reverse(tiers_)) {
      if (!tier.read_only) stores.push_back(tier.store.get());
    }
    return stores;
  }

  std::vector<Tier> tiers_;
};

}  // namespace

std::unique_ptr<Store> make_tiered_store(std::vector<Tier> near_to_far) {
  return std::make_unique<TieredStore>(std::move(near_to_far));
}

}  // namespace libcache::internal
