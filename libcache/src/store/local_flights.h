// Flights among the threads of one process.
#pragma once

#include <libcache/flight.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/guarded.h"

namespace libcache::internal {

// Thread-safe. A flight in it may outlive it.
class MemoryFlights {
 public:
  struct Track;
  // Either a lease or a tail; `value_present` is left to the caller. Fails: timeout.
  Result<Flight> join(std::string_view name, Deadline deadline);

 private:
  using Tracks = std::map<std::string, std::shared_ptr<Track>, std::less<>>;
  // Those that are led; leaders remove them when they end.
  std::shared_ptr<Guarded<Tracks>> tracks_ = std::make_shared<Guarded<Tracks>>();
};

}  // namespace libcache::internal
