// What the tests of the Redis store share.
#pragma once

#include <libcache/store.h>

#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <string>
#include <utility>

namespace libcache::test {

// With time enough for a loaded machine.
inline StoreOptions patient() {
  StoreOptions options;
  options.redis.connect_timeout = std::chrono::seconds(10);
  options.redis.operation_timeout = std::chrono::seconds(20);
  return options;
}

inline std::unique_ptr<Store> open(const std::string& url, const StoreOptions& options = patient()) {
  auto store = open_store(StoreUrl::parse(url).value(), options);
  INFO((store ? "" : store.error().message));
  REQUIRE(store.has_value());
  return std::move(*store);
}

inline Result<std::optional<std::string>> get(Store& store, const std::string& name = "a") {
  return store.get(name, Deadline::never());
}

inline Result<bool> put(Store& store, const std::string& name = "a", const std::string& value = "1") {
  return store.put(name, value, {}, Deadline::never());
}

template <class T>
ErrorCode code_of(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  INFO(result.error().message);
  return result.error().code;
}

template <class T>
std::string message_of(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().message;
}

}  // namespace libcache::test
