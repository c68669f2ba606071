// Results that are finished in any order and delivered in one, each as soon as those before it are there.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace llmcache {

// Thread-safe. Numbers begin at 1.
template <class Result>
class InOrder {
 public:
  // `deliver` is called by one thread at a time. If it throws, nothing more is delivered.
  InOrder(std::uint64_t window, std::function<void(const Result&)> deliver)
      : window_(window), deliver_(std::move(deliver)) {}

  // Waits until fewer than `window` results before this one are missing: what bounds the memory.
  void wait_for_room(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return number < next_ + window_ || failed_; });
  }

  // Every number must be finished; without a result it is left out. Throws what `deliver` throws.
  void finish(std::uint64_t number, std::optional<Result> result) {
    const std::scoped_lock lock(mutex_);
    finished_.emplace(number, std::move(result));
    while (!failed_ && !finished_.empty() && finished_.begin()->first == next_) {
      const auto first = finished_.extract(finished_.begin());
      ++next_;
      changed_.notify_all();
      if (!first.mapped()) continue;
      failed_ = true;
      deliver_(*first.mapped());
      failed_ = false;
    }
  }

 private:
  const std::uint64_t window_;
  const std::function<void(const Result&)> deliver_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, std::optional<Result>> finished_;
  std::uint64_t next_ = 1;
  bool failed_ = false;
};

}  // namespace llmcache
