// Callers in several processes that fill requests over one store.
#pragma once

#include <libcache/flight.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "unit/cache/cache_fixture.h"

namespace libcache::test {
// Counts the callers that follow a leader.
class FlyingStore : public SharedStore, public Flights {
 public:
  FlyingStore(std::shared_ptr<Store> store, std::atomic<int>& followers)
      : SharedStore(store), store_(std::move(store)), followers_(followers) {}
  Flights* flights() override { return this; }
  Result<Flight> join(std::string_view name, Deadline deadline) override {
    auto flight = store_->flights()->join(name, deadline);
    if (flight && flight->tail) {
      ++followers_;
      followers_.notify_all();
    }
    return flight;
  }

 private:
  std::shared_ptr<Store> store_;
  std::atomic<int>& followers_;
};

class UnavailableStore : public SharedStore {
 public:
  UnavailableStore() : SharedStore(nullptr) {}
  Result<std::optional<std::string>> get(std::string_view, Deadline) override {
    return fail(ErrorCode::unavailable, "unavailable");
  }
};

// The result of one call.
struct Call {
  std::string received;
  Result<Filled> filled = fail(ErrorCode::internal, "was not called");
};

inline const Producer kNoProducer = [](AnswerWriter&) -> Status {
  return fail(ErrorCode::internal, "must not be called");
};

// Several processes' caches over one store.
struct Callers : CacheFixture {
  std::atomic<int> followers{0};
  std::promise<void> leader_is_there;  // for tests to set and wait for
  RequestKey stream = make()->key(R"({"model":"m","messages":[],"stream":true})").value();
  RequestKey response = make()->key(R"({"model":"m","messages":[]})").value();

  std::unique_ptr<Cache> process(CacheOptions cache_options) {
    return Cache::create(std::make_unique<FlyingStore>(store, followers), std::move(cache_options)).value();
  }
  std::unique_ptr<Cache> process() { return process(options()); }
  void wait_for_followers(int count) {
    for (int now = followers; now < count; now = followers) followers.wait(now);
  }
  static Call call_with(const std::shared_ptr<Cache>& cache, const RequestKey& key, const Producer& produce,
                        const FillOptions& fill_options = {}, Deadline deadline = kNever) {
    Call call;
    const auto receive = [&](std::string_view bytes) -> Status {
      call.received += bytes;
      return {};
    };
    call.filled = cache->get_or_fill(key, produce, receive, fill_options, deadline);
    return call;
  }
  // A call in a separate process.
  Call call(const RequestKey& key, const Producer& produce, const FillOptions& fill_options = {},
            Deadline deadline = kNever) {
    return call_with(process(), key, produce, fill_options, deadline);
  }
  std::future<Call> call_in_background(const RequestKey& key, const Producer& produce,
                                       const FillOptions& fill_options = {}, Deadline deadline = kNever) {
    return std::async(std::launch::async, [=, this, &key] { return call(key, produce, fill_options, deadline); });
  }
};

// A call in a separate process that leads, and has its answer when the test says so.
class WaitingLeader {
 public:
  WaitingLeader(Callers& callers, const RequestKey& key, std::string answer)
      : call_(callers.call_in_background(key, [this, answer = std::move(answer)](AnswerWriter& writer) -> Status {
          leads_.set_value();
          told_.get_future().wait();
          return writer.write(answer);
        })) {
    leads_.get_future().wait();
  }
  Call answer() {
    told_.set_value();
    return call_.get();
  }

 private:
  std::promise<void> leads_;
  std::promise<void> told_;
  std::future<Call> call_;
};

inline Producer produces(std::vector<std::string> pieces) {
  return [pieces = std::move(pieces)](AnswerWriter& writer) -> Status {
    for (const auto& piece : pieces) {
      if (auto written = writer.write(piece); !written) return written;
    }
    return {};
  };
}

inline const std::vector<std::string> kEvents = {"data: one\n\n", "data: two\n\n", "data: three\n\n"};
inline const std::string kWhole = kEvents[0] + kEvents[1] + kEvents[2];
using Source = Filled::Source;
using Storing = Filled::Storing;

}  // namespace libcache::test
