// A cache over a memory store, with a clock that tests move and events that they read.
#pragma once

#include <libcache/cache.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "store/memory.h"
#include "support/fake_clock.h"

namespace libcache {

inline const Deadline kNever = Deadline::never();
inline constexpr std::string_view kRequest = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";

// A store that forwards every call to another one, which several caches may share and tests may inspect.
class SharedStore : public Store {
 public:
  explicit SharedStore(std::shared_ptr<Store> store) : store_(std::move(store)) {}
  Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) override {
    return store_->get(name, deadline);
  }
  Result<bool> put(std::string_view name, std::string_view value, const PutOptions& options,
                   Deadline deadline) override {
    return store_->put(name, value, options, deadline);
  }
  Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline) override {
    return store_->remove(names, deadline);
  }
  Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit, Deadline deadline) override {
    return store_->scan(prefix, head_bytes, visit, deadline);
  }
  Status ping(Deadline deadline) override { return store_->ping(deadline); }

 private:
  std::shared_ptr<Store> store_;
};

struct CacheFixture {
  test::FakeClock clock;
  std::shared_ptr<Store> store =
      internal::make_memory_store({.max_size = 0, .strict = false, .clock = clock.clock(), .on_event = {}});
  std::mutex events_mutex;  // for tests whose events come from several threads
  std::vector<Event> events;

  CacheOptions options() {
    CacheOptions options;
    options.clock = clock.clock();
    options.on_event = [this](const Event& event) {
      const std::lock_guard lock(events_mutex);
      events.push_back(event);
    };
    return options;
  }
  std::unique_ptr<Cache> make(CacheOptions options) {
    return Cache::create(std::make_unique<SharedStore>(store), std::move(options)).value();
  }
  std::unique_ptr<Cache> make() { return make(options()); }

  static Answer response(std::string body) {
    Answer answer;
    answer.body = std::move(body);
    return answer;
  }
};

}  // namespace libcache
