// Whether a value is still the one that a scan has shown.
#pragma once

#include <libcache/store.h>

namespace libcache::internal {

// As Store::remove_unchanged() compares them. Servers give the time left, so two looks differ by some milliseconds.
inline bool same_value(const ScanRow& shown, const ScanRow& now) {
  constexpr auto kTolerance = std::chrono::seconds(1);
  const bool same_expiry = shown.expires && now.expires ? std::chrono::abs(*shown.expires - *now.expires) <= kTolerance
                                                        : shown.expires == now.expires;
  return shown.size == now.size && same_expiry && shown.head == now.head;
}

}  // namespace libcache::internal
