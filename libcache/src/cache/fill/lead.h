// The lead of a flight: among the threads that share a cache, and among all callers that share its store.
#pragma once

#include <libcache/flight.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace libcache::internal {

class Lead {
 public:
  Lead();
  ~Lead();
  Lead(const Lead&) = delete;
  Lead& operator=(const Lead&) = delete;

  std::unique_ptr<Lease> local;
  std::unique_ptr<Lease> shared;
  bool shares_with_threads = true;

  // Shares bytes with all followers. A store that is too slow gets no more bytes.
  void append(std::string_view bytes);
  // Ends the flight; `size` is the total number of bytes that were to be appended.
  void end(FlightState how, Deadline deadline);
  void abandon();
  // Another process leads: the threads that follow this caller follow that one instead.
  void leave_to_other();
  // Looked up again after a quarter of a second.
  bool is_followed();

 private:
  using Steady = std::chrono::steady_clock;
  const int process_;
  std::uint64_t size_ = 0;
  bool live_ = true;  // the store has accepted every piece so far, and fast enough
  Steady::time_point first_;
  Steady::duration appending_{0};  // the time spent
  std::optional<Steady::time_point> asked_;
  bool followed_ = false;
};

}  // namespace libcache::internal
