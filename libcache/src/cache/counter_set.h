// Everything that a cache counts, in one place: for its program, and for the statistics of its store.
#pragma once

#include <libcache/cache.h>
#include <libcache/statistics.h>
#include <sys/types.h>

#include <chrono>
#include <compare>
#include <map>
#include <string>
#include <string_view>

#include "base/guarded.h"

namespace libcache::internal {

// What something is counted for. Views.
struct Subject {
  std::string_view model = {};
  std::string_view session = {};
  std::string_view endpoint = {};
  auto operator<=>(const Subject&) const = default;
};

// Adds up in memory and writes to the statistics from time to time. Thread-safe. Belongs to the process that made it:
// after a fork() the child writes nothing.
class CounterSet {
 public:
  // `statistics` may be nullptr. `options` and `statistics` must outlive this.
  CounterSet(const CacheOptions& options, Statistics* statistics);
  CounterSet(const CounterSet&) = delete;
  CounterSet& operator=(const CounterSet&) = delete;
  ~CounterSet();  // writes

  // Calls `change` with the counters of the subject; it may be called more than once.
  template <class Change>
  void count(const Subject& subject, const Change& change) {
    UnixTime now;
    try {
      now = clock_();
    } catch (...) {  // which day it belongs to is not known
      change(state_.lock()->total);
      throw;
    }
    bool is_due = false;
    {
      const auto state = state_.lock();
      change(state->total);
      if (statistics_ == nullptr) return;
      change(row_of(*state, subject, std::chrono::floor<std::chrono::days>(now)));
      is_due = this->is_due(*state, now);
    }
    if (is_due) write(Deadline::after(kBudget));
  }
  Counters total() { return state_.lock()->total; }
  void write(Deadline deadline);

 private:
  static constexpr Milliseconds kBudget{100};

  struct Key {
    std::chrono::sys_days day;
    std::string model;
    std::string session;
    std::string endpoint;
    Subject subject() const { return {model, session, endpoint}; }
  };
  struct Less {
    using is_transparent = void;
    using View = std::pair<std::chrono::sys_days, Subject>;
    static View view(const Key& key) { return {key.day, key.subject()}; }
    static const View& view(const View& view) { return view; }
    bool operator()(const auto& left, const auto& right) const { return view(left) < view(right); }
  };
  using Rows = std::map<Key, Counters, Less>;
  struct State {
    Counters total;
    Rows rows;
    Rows::value_type* last = nullptr;  // most calls in a row are about the same subject
    UnixTime written{};
  };
  static Counters& row_of(State& state, const Subject& subject, std::chrono::sys_days day);
  static bool is_due(State& state, UnixTime now);

  const std::string prefix_;
  const Clock& clock_;
  Statistics* const statistics_;
  const pid_t owner_;
  Guarded<State> state_;
};

}  // namespace libcache::internal
