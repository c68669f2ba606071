// One call of Cache::get_or_fill().
#pragma once

#include <libcache/cache.h>

#include "store/local_flights.h"

namespace libcache::internal {

// What a cache lends to it. All views and references must outlive the call.
struct FillCall {
  Cache& cache;
  LocalFlights& local_flights;  // among the threads that share the cache
  const RequestKey& key;
  const Producer& produce;
  const Receiver& receive;
  const FillOptions& options;
  Deadline deadline;
};

Result<Filled> get_or_fill(const FillCall& call);

}  // namespace libcache::internal
