// The contract of store.h as tests, the same for every kind of store.
#pragma once

#include <libcache/store.h>

#include <functional>
#include <memory>

namespace libcache::test {

// An empty store and its time.
struct StoreUnderTest {
  std::shared_ptr<void> surroundings;  // what must outlive the store: its directory, its server
  std::unique_ptr<Store> store;
  std::function<UnixTime()> now;
  // Lets time pass for the store: by moving its fake clock or, for a server with a clock of its own, by shortening what
  // is left to each of its values.
  std::function<void(Milliseconds)> advance;
};

// Checks every promise, each on a new store from `make`. To be called from the body of a TEST_CASE.
void check_conformance(const std::function<StoreUnderTest()>& make);
// The same for flights.
void check_flights(const std::function<StoreUnderTest()>& make);

}  // namespace libcache::test
