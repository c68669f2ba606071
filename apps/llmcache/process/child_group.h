// Children that run at the same time on several threads, and that a signal ends together.
#pragma once

#include <mutex>
#include <optional>
#include <set>

#include "process/pollable_flag.h"
#include "process/signals.h"

namespace llmcache {

// Thread-safe.
class ChildGroup {
 public:
  // `signals` must outlive the group, which does not read them: its owner does, and calls pass_on().
  explicit ChildGroup(const Signals& signals) : signals_(signals) {}
  const Signals& signals() const { return signals_; }

  // Sends a signal to every child that runs, and to those that start from now on.
  void pass_on(ArrivedSignal signal);
  // Set by the first signal.
  const PollableFlag& signalled() const { return signalled_; }

  // A child is in the group during its lifetime.
  class Member {
   public:
    Member(ChildGroup& group, int child);  // the child's pidfd
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    ~Member();

   private:
    ChildGroup& group_;
    const int child_;
  };

 private:
  const Signals& signals_;
  PollableFlag signalled_;
  std::mutex mutex_;
  std::set<int> children_;
  std::optional<ArrivedSignal> signal_;
};

}  // namespace llmcache
