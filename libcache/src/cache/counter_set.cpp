#include "cache/counter_set.h"

#include <unistd.h>

#include <utility>
#include <vector>

#include "text/utf8.h"

namespace libcache::internal {

namespace {

constexpr std::chrono::seconds kWriteInterval{5};
constexpr Milliseconds kLastBudget{1000};

// A request may name any model, and clients may choose their session: the rest is counted together.
constexpr std::size_t kMostRows = 1000;
constexpr std::string_view kOthers = "(others)";

std::string shortened(std::string_view text) {
  constexpr std::size_t kLongest = 320;
  return std::string(text.substr(0, valid_utf8_prefix(text.substr(0, kLongest))));
}

}  // namespace

CounterSet::CounterSet(const CacheOptions& options, Statistics* statistics)
    : prefix_(options.key.prefix),
      clock_(options.clock),
      statistics_(options.keep_statistics ? statistics : nullptr),
      owner_(::getpid()) {}

CounterSet::~CounterSet() {
  write(Deadline::after(kLastBudget));
}

Counters& CounterSet::row_of(State& state, const Subject& subject, std::chrono::sys_days day) {
  if (state.last != nullptr && state.last->first.day == day && state.last->first.subject() == subject) {
    return state.last->second;
  }
  auto row = state.rows.find(Less::View(day, subject));
  if (row == state.rows.end()) {
    const Subject kept = state.rows.size() < kMostRows ? subject : Subject{kOthers, kOthers, kOthers};
    Key key{day, shortened(kept.model), shortened(kept.session), shortened(kept.endpoint)};
    row = state.rows.try_emplace(std::move(key)).first;
  }
  state.last = &*row;
  return row->second;
}

// Only once, although the writing takes a moment.
bool CounterSet::is_due(State& state, UnixTime now) {
  if (state.written == UnixTime{}) state.written = now;
  if (now - state.written < kWriteInterval && state.written <= now) return false;
  state.written = now;
  return true;
}

void CounterSet::write(Deadline deadline) {
  if (statistics_ == nullptr || ::getpid() != owner_) return;
  Rows counted;
  {
    const auto state = state_.lock();
    counted = std::exchange(state->rows, {});
    state->last = nullptr;
    state->written = clock_();
  }
  std::vector<StatisticsRow> rows;
  for (const auto& [key, counters] : counted) {
    rows.push_back({key.day, key.model, key.session, key.endpoint, to_counts(counters)});
  }
  if (rows.empty() || statistics_->add(prefix_, rows, deadline)) return;
  const auto state = state_.lock();
  for (const auto& [key, counters] : counted) row_of(*state, key.subject(), key.day) += counters;
}

}  // namespace libcache::internal
