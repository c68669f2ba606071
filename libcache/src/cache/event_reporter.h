// Hands a cache's events to its program, without flooding it during an outage.
#pragma once

#include <libcache/event.h>
#include <libcache/time.h>

#include <cstdint>
#include <map>
#include <string>

#include "base/guarded.h"

namespace libcache::internal {

// Thread-safe. event.h says which events are limited.
class EventReporter {
 public:
  EventReporter(EventHandler handler, Clock clock) : handler_(std::move(handler)), clock_(std::move(clock)) {}
  void warn(std::string name, std::string key, std::string message);
  void note(std::string name, std::string key, std::string message);

 private:
  struct Reported {
    UnixTime last;
    std::uint64_t left_out = 0;
  };
  using Log = std::map<std::string, Reported, std::less<>>;
  // The number of similar events that were suppressed since the last reported one; nullopt if this one is suppressed.
  std::optional<std::uint64_t> pass(const std::string& subject);

  const EventHandler handler_;
  const Clock clock_;
  Guarded<Log> log_;
};

}  // namespace libcache::internal
