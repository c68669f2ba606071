#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <future>
#include <stdexcept>
#include <thread>

#include "unit/cache/cache_fixture.h"

using namespace libcache;
using namespace std::chrono_literals;

namespace {

// A store whose writes wait for a gate.
class GatedStore : public SharedStore {
 public:
  GatedStore(std::shared_ptr<Store> store, std::shared_future<void> gate)
      : SharedStore(std::move(store)), gate_(std::move(gate)) {}
  Result<bool> put(std::string_view name, std::string_view value, const PutOptions& options,
                   Deadline deadline) override {
    if (deadline.remaining() == Milliseconds::max()) {
      gate_.wait();
    } else if (gate_.wait_until(deadline.time()) != std::future_status::ready) {
      return fail(ErrorCode::timeout, "the gate stayed closed");
    }
    return SharedStore::put(name, value, options, deadline);
  }

 private:
  std::shared_future<void> gate_;
};

RequestKey numbered(const Cache& cache, int number) {
  return cache.key("{\"n\":" + std::to_string(number) + "}").value();
}

}  // namespace

TEST_CASE("after a flush, the answers of put_later are stored") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  for (int i = 0; i < 100; ++i) {
    CHECK(cache->put_later(numbered(*cache, i), CacheFixture::response(std::to_string(i))));
  }
  REQUIRE(cache->flush(kNever));
  for (int i = 0; i < 100; ++i) {
    CHECK(cache->get(numbered(*cache, i), EntryKind::response, kNever).value().entry->body().value() ==
          std::to_string(i));
  }
  CHECK(cache->counters().stored == 100);
}

TEST_CASE("a full queue drops and counts, and never waits for the store") {
  CacheFixture fixture;
  std::promise<void> gate;
  auto options = fixture.options();
  options.queue_entries = 3;
  const auto cache =
      Cache::create(std::make_unique<GatedStore>(fixture.store, gate.get_future().share()), options).value();
  int accepted = 0;
  for (int i = 0; i < 10; ++i) accepted += cache->put_later(numbered(*cache, i), CacheFixture::response("x")) ? 1 : 0;
  CHECK(accepted >= 3);
  CHECK(accepted <= 4);  // the writer may have taken one off the queue
  CHECK(cache->counters().dropped == static_cast<std::uint64_t>(10 - accepted));
  gate.set_value();
  const auto flushed = cache->flush(kNever);
  REQUIRE_FALSE(flushed);
  CHECK(flushed.error().code == ErrorCode::unavailable);
  CHECK(flushed.error().message.starts_with(std::to_string(10 - accepted)));
  CHECK(cache->counters().stored == static_cast<std::uint64_t>(accepted));
  CHECK(cache->flush(kNever));  // each loss is reported once
}

TEST_CASE("put_later that may wait for room in the queue loses no answer") {
  CacheFixture fixture;
  auto options = fixture.options();
  options.queue_entries = 3;
  const auto cache = fixture.make(options);
  for (int i = 0; i < 200; ++i) CHECK(cache->put_later(numbered(*cache, i), CacheFixture::response("x"), {}, kNever));
  CHECK(cache->flush(kNever));
  CHECK(cache->counters().stored == 200);
  // An answer that can never fit is not waited for.
  options.queue_bytes = 10;
  CHECK_FALSE(
      fixture.make(options)->put_later(numbered(*cache, 1), CacheFixture::response("a long answer"), {}, kNever));
}

TEST_CASE("a forked child, which lacks the cache's thread, can destroy the cache") {
  CacheFixture fixture;
  std::promise<void> gate;
  auto cache =
      Cache::create(std::make_unique<GatedStore>(fixture.store, gate.get_future().share()), fixture.options()).value();
  for (int i = 0; i < 5; ++i) REQUIRE(cache->put_later(numbered(*cache, i), CacheFixture::response("x")));
  const pid_t child = ::fork();
  if (child == 0) {
    const bool queued = cache->put_later(numbered(*cache, 9), CacheFixture::response("x"));
    const bool flushed = cache->flush(kNever).has_value();
    cache.reset();
    ::_exit(queued || flushed ? 1 : 0);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  gate.set_value();
  CHECK(cache->flush(kNever));
}

TEST_CASE("the queue is also limited in bytes") {
  CacheFixture fixture;
  auto options = fixture.options();
  options.queue_bytes = 1000;
  const auto cache = fixture.make(options);
  CHECK_FALSE(cache->put_later(numbered(*cache, 1), CacheFixture::response(std::string(1001, 'x'))));
  CHECK(cache->put_later(numbered(*cache, 1), CacheFixture::response(std::string(900, 'x'))));
}

TEST_CASE("a flush ends at its deadline") {
  CacheFixture fixture;
  std::promise<void> gate;
  const auto cache =
      Cache::create(std::make_unique<GatedStore>(fixture.store, gate.get_future().share()), fixture.options()).value();
  REQUIRE(cache->put_later(numbered(*cache, 1), CacheFixture::response("x")));
  const auto flushed = cache->flush(Deadline::after(1ms));
  REQUIRE_FALSE(flushed);
  CHECK(flushed.error().code == ErrorCode::timeout);
  gate.set_value();
}

TEST_CASE("the destructor writes the queued answers") {
  CacheFixture fixture;
  RequestKey key;
  {
    const auto cache = fixture.make();
    key = numbered(*cache, 1);
    for (int i = 0; i < 50; ++i) REQUIRE(cache->put_later(numbered(*cache, i), CacheFixture::response("x")));
  }
  CHECK(fixture.store->get(key.response_name, kNever).value());
}

TEST_CASE("the destructor stops waiting for a hanging store within closing_budget") {
  CacheFixture fixture;
  std::promise<void> gate;
  auto options = fixture.options();
  options.write_budget = 20ms;
  options.closing_budget = 20ms;
  {
    const auto cache =
        Cache::create(std::make_unique<GatedStore>(fixture.store, gate.get_future().share()), options).value();
    for (int i = 0; i < 50; ++i) REQUIRE(cache->put_later(numbered(*cache, i), CacheFixture::response("x")));
  }
  // The destructor returned although the gate is still closed: one or two writes were tried, and no others.
  CHECK(fixture.events.size() < 50);
}

TEST_CASE("a background write that fails is dropped, counted and reported") {
  CacheFixture fixture;
  std::promise<void> gate;
  auto options = fixture.options();
  options.write_budget = 1ms;
  const auto cache =
      Cache::create(std::make_unique<GatedStore>(fixture.store, gate.get_future().share()), options).value();
  REQUIRE(cache->put_later(numbered(*cache, 1), CacheFixture::response("x")));
  CHECK_FALSE(cache->flush(kNever));
  CHECK(cache->counters().dropped == 1);
  CHECK(cache->counters().store_errors == 1);
  REQUIRE(fixture.events.size() == 1);
  CHECK(fixture.events[0].name == "write.failed");
}

TEST_CASE("callbacks that throw on the thread of background writes hide neither a loss nor its cause") {
  CacheFixture fixture;
  auto options = fixture.options();
  std::unique_ptr<Store> store = std::make_unique<SharedStore>(fixture.store);
  std::string cause = "a callback threw an exception";
  std::atomic<bool> throws = false;
  SECTION("an event") {
    struct Full final : SharedStore {
      using SharedStore::SharedStore;
      Result<bool> put(std::string_view, std::string_view, const PutOptions&, Deadline) override {
        return fail(ErrorCode::refused, "the disk is full");
      }
    };
    store = std::make_unique<Full>(fixture.store);
    options.on_event = [](const Event&) { throw std::runtime_error("event"); };
    cause = "the disk is full";
  }
  SECTION("the clock") {
    options.clock = [&, clock = options.clock] {
      if (throws) throw std::runtime_error("clock");
      return clock();
    };
  }
  const auto cache = Cache::create(std::move(store), options).value();
  throws = true;
  REQUIRE(cache->put_later(numbered(*cache, 1), CacheFixture::response("x")));
  const Status flushed = cache->flush(kNever);
  REQUIRE_FALSE(flushed.has_value());
  CHECK(flushed.error().message == "1 queued answer was not stored: " + cause);
  CHECK(cache->counters().dropped == 1);
}

TEST_CASE("put_later loses an answer, and throws nothing, if its thread cannot be started") {
  // No stack of this size fits into the address space.
  class NoThreads {
   public:
    NoThreads() {
      pthread_getattr_default_np(&before_);
      pthread_attr_t huge = before_;
      pthread_attr_setstacksize(&huge, std::size_t{1} << 47);
      pthread_setattr_default_np(&huge);
    }
    NoThreads(const NoThreads&) = delete;
    NoThreads& operator=(const NoThreads&) = delete;
    ~NoThreads() { pthread_setattr_default_np(&before_); }

   private:
    pthread_attr_t before_{};
  };
  CacheFixture fixture;
  const auto cache = fixture.make();
  {
    const NoThreads none;
    CHECK_FALSE(cache->put_later(numbered(*cache, 1), CacheFixture::response("x")));
  }
  CHECK(cache->counters().dropped == 1);
  CHECK_FALSE(cache->flush(kNever).has_value());
  CHECK(cache->put_later(numbered(*cache, 2), CacheFixture::response("x")));
  CHECK(cache->flush(kNever).has_value());
  CHECK(cache->counters().stored == 1);
}

TEST_CASE("many threads may derive keys, look up and put at once") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const auto key = numbered(*cache, i);
        if (t % 2 == 0) cache->put_later(key, CacheFixture::response(std::to_string(i)));
        const auto found = cache->get(key, EntryKind::response, kNever);
        if (!found || (*found && found->entry->body().value() != std::to_string(i))) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}
