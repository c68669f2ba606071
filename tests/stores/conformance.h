// Tests of the contract in store.h, the same for every kind of store.
#pragma once

#include <libcache/store.h>

#include <functional>
#include <memory>

namespace libcache::test {

// An empty store and its clock.
struct StoreUnderTest {
  std::shared_ptr<void> surroundings;  // must outlive the store: its directory, its server
  std::unique_ptr<Store> store;
  std::function<UnixTime()> now;
  // Lets time pass for the store: moves its fake clock or, for a server with its own clock, shortens the remaining TTL
  // of each value.
  std::function<void(Milliseconds)> advance;
};

// Checks each part of the contract with a new store from `make`. Called from the body of a TEST_CASE.
void check_conformance(const std::function<StoreUnderTest()>& make);
// The same for the edges of sessions, with caches over the store.
void check_sessions(const std::function<StoreUnderTest()>& make);
// The same for flights.
void check_flights(const std::function<StoreUnderTest()>& make);

}  // namespace libcache::test
