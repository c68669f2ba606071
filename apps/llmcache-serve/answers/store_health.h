// Whether the store answers: counts its errors, and reports each change once.
#pragma once

#include <libcache/result.h>

#include <optional>
#include <utility>

#include "monitor/metrics.h"
#include "ui/report.h"

namespace llmcache::serve {

// Lives on the event loop. The arguments: nothing for a success.
class StoreHealth {
 public:
  StoreHealth(Report report, Metrics& metrics) : report_(std::move(report)), metrics_(metrics) {}

  void note_lookup(const std::optional<libcache::Error>& error);
  // Reported separately while lookups succeed: the store may be full.
  void note_storing(const std::optional<libcache::Error>& error);

 private:
  Report report_;
  Metrics& metrics_;
  bool lookups_fail_ = false;
  bool storing_fails_ = false;
};

}  // namespace llmcache::serve
