// The state of a Fill (fill.h): begin() gives it its first role, reading may change it (reading.cpp), and a leader
// records and stores (leading.cpp).
#pragma once

#include <libcache/cache.h>
#include <libcache/flight.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "cache/core.h"
#include "cache/fill/following.h"
#include "cache/fill/lead.h"

namespace libcache::internal {

struct FillState {
  using Steady = std::chrono::steady_clock;

  FillState(CacheCore& core, RequestKey key, FillOptions options, Deadline deadline);
  FillState(const FillState&) = delete;
  FillState& operator=(const FillState&) = delete;
  ~FillState();

  // Fails (timeout) at the deadline of the whole fill.
  Status begin();

  Result<Fill::Piece> read_stored();
  Result<Fill::Piece> read_followed(Deadline until);

  void prepare();
  Status write(std::string_view bytes);
  void finish();
  void abandon();
  void start_recording();
  void stop_recording();

  const std::string& name() const;
  // Runs the store's part of the work, within what it may still take.
  template <class Work>
  auto timed(const Work& work) {
    const auto begun = Steady::now();
    auto result = work(deadline.capped(store_budget));
    store_budget -= std::min(store_budget, std::chrono::ceil<Milliseconds>(Steady::now() - begun));
    return result;
  }
  Result<Lookup> look_up();
  void count();
  void add_to_counters();
  Status look_up_and_join();
  Status join();
  Status join_shared();
  Status lead_without_flight(Error error);
  Status follow(std::unique_ptr<LiveTail> leader);
  Status become_hit();
  Status become_lead();
  Status become_lone_lead();
  Status become_uncached(Error error);

  Milliseconds wait_left() const;
  bool is_live() const;
  Result<Fill::Piece> without_leader(const std::string& why);
  Status stop_waiting();
  Result<Fill::Piece> follow_no_longer();
  const Digest& proof();
  Result<Fill::Piece> leave_other_request();
  void store();
  void end_flight();
  // Whether it is the answer whose rejection the lookup has found.
  bool is_rejected(const Answer& answer) const;
  void refuse(Refused refused);

  CacheCore& core;
  const RequestKey key;
  const FillOptions options;
  const Deadline deadline;
  Milliseconds store_budget;

  Fill::Role role = Fill::Role::lead;
  Lookup lookup;
  std::optional<Error> store_error;
  std::string flight_error;  // why other callers cannot be found; a warning unless storing fails too
  Filled filled;
  bool counted = false;

  std::optional<StoredAnswer> stored;  // hit

  std::unique_ptr<LiveTail> tail;  // follow
  Following following;
  std::optional<Digest> own_proof;  // computed when a leader's has arrived
  Steady::time_point news_at = Steady::now();

  Lead lead;
  Metadata description;
  AnswerFacts facts;
  std::optional<int> http_status;  // perhaps known only after the first bytes
  Steady::time_point lead_since;
  bool recording = false;                  // until the answer is too large, abandoned or finished
  std::optional<AnswerRecorder> recorder;  // from the first byte on, while recording
  bool head_shared = false;
  bool stores = true;
  std::string why_not_stored = "it was abandoned";  // unless it `stores`
  FlightState ending = FlightState::abandoned;      // what followers will be told of the answer
  bool is_cut = false;                              // bytes came too late and were not taken
  bool is_finished = false;
};

inline constexpr const char* kTooLate = "the answer did not arrive in time";

tl::unexpected<Error> broken_off(const std::string& why);

}  // namespace libcache::internal
