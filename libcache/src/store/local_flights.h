// Flights among the threads of one process.
#pragma once

#include <libcache/flight.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/guarded.h"

namespace libcache::internal {

// The size with which a flight is ended as abandoned if its leader has found that another process leads. Its followers
// have received nothing.
inline constexpr std::uint64_t kLedElsewhere = ~std::uint64_t{0};

// Thread-safe. A flight may outlive it.
//
// A flight keeps the value's bytes for later followers, but at most 8 MiB while it has no followers and 64 MiB
// otherwise. A longer value is no longer shared: its followers only see how the flight ends.
class LocalFlights {
 public:
  struct Track;
  // Returns a lease or a tail; `value_present` is left to the caller. Fails: timeout.
  Result<Flight> join(std::string_view name, Deadline deadline);

 private:
  using Tracks = std::map<std::string, std::shared_ptr<Track>, std::less<>>;
  // The flights that have a leader, which removes its own when it ends.
  std::shared_ptr<Guarded<Tracks>> tracks_ = std::make_shared<Guarded<Tracks>>();
};

}  // namespace libcache::internal
