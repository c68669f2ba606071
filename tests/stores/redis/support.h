// Shared by the tests of the Redis store. Where ../verbs.h requires success, try_get and try_put return the result.
#pragma once

#include <libcache/open.h>

#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace libcache::test {

// Options with timeouts that are long enough for a loaded machine.
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

inline Result<std::optional<std::string>> try_get(Store& store, const std::string& name = "a") {
  return store.get(name, Deadline::never());
}

inline Result<bool> try_put(Store& store, const std::string& name = "a", const std::string& value = "1") {
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

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Collects the names of events.
class Events {
 public:
  EventHandler handler() {
    return [this](const Event& event) {
      const std::lock_guard lock(mutex_);
      names_.push_back(event.name);
    };
  }
  std::vector<std::string> names() {
    const std::lock_guard lock(mutex_);
    return names_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> names_;
};

}  // namespace libcache::test
