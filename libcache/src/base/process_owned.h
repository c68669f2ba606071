// What only the process that made it may destroy.
#pragma once

#include <unistd.h>

#include <memory>
#include <utility>

namespace libcache::internal {

// A T whose destructor does not run in the child of a fork(): there, locks may be held by threads that do not exist, data
// may be half changed, and open files belong to the parent.
template <class T>
class ProcessOwned {
 public:
  template <class... Arguments>
  explicit ProcessOwned(Arguments&&... arguments) : value_(std::forward<Arguments>(arguments)...) {}
  ProcessOwned(const ProcessOwned&) = delete;
  ProcessOwned& operator=(const ProcessOwned&) = delete;
  ~ProcessOwned() {
    if (is_owner()) std::destroy_at(&value_);
  }

  bool is_owner() const { return ::getpid() == owner_; }
  T& operator*() { return value_; }
  T* operator->() { return &value_; }

 private:
  const pid_t owner_ = ::getpid();
  union {
    T value_;
  };
};

}  // namespace libcache::internal
