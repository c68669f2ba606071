// A value together with its lock, so that neither can be used without the other.
#pragma once

#include <libcache/time.h>

#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace libcache::internal {

// A T that can be accessed only through lock(). Thread-safe.
template <class T>
class Guarded {
 public:
  template <class... Arguments>
  explicit Guarded(Arguments&&... arguments) : value_(std::forward<Arguments>(arguments)...) {}

  // The value, locked until this is destroyed.
  class Access {
   public:
    T& operator*() const { return *value_; }
    T* operator->() const { return value_; }
    // For condition variables.
    std::unique_lock<std::timed_mutex>& lock() { return lock_; }

   private:
    friend Guarded;
    Access(std::unique_lock<std::timed_mutex> lock, T* value) : lock_(std::move(lock)), value_(value) {}
    std::unique_lock<std::timed_mutex> lock_;
    T* value_;
  };

  Access lock() { return Access(std::unique_lock(mutex_), &value_); }

  // Nothing if the lock was not acquired in time.
  std::optional<Access> lock_until(Deadline deadline) {
    std::unique_lock lock(mutex_, std::try_to_lock);
#ifdef __SANITIZE_THREAD__
    // The thread sanitizer of g++ 12 does not see a mutex being locked with a monotonic clock, only its unlocking.
    while (!lock.owns_lock() && !deadline.expired()) {
      std::this_thread::yield();
      lock.try_lock();
    }
#endif
    if (!lock.owns_lock() && !lock.try_lock_until(deadline.time())) return std::nullopt;
    return Access(std::move(lock), &value_);
  }

 private:
  std::timed_mutex mutex_;
  T value_;
};

}  // namespace libcache::internal
