// Whether the store answers: counts its errors, and reports each change once.
#pragma once

#include <libcache/result.h>

#include <optional>
#include <string>
#include <utility>

#include "monitor/metrics.h"
#include "ui/report.h"

namespace llmcache::serve {

struct StoreState {
  std::string unavailable;  // why it does not answer; empty: it does
  std::string not_storing;  // why the last answer could not be stored; empty: it could
};

// Lives on the event loop. The arguments: nothing for a success.
class StoreHealth {
 public:
  StoreHealth(Report report, Metrics& metrics) : report_(std::move(report)), metrics_(metrics) {}

  void note_lookup(const std::optional<libcache::Error>& error);
  // Reported separately while lookups succeed: the store may be full.
  void note_storing(const std::optional<libcache::Error>& error);
  // Why the last answer could not be stored; empty: it could.
  const std::string& storing_problem() const { return storing_problem_; }

 private:
  Report report_;
  Metrics& metrics_;
  bool lookups_fail_ = false;
  std::string storing_problem_;
};

}  // namespace llmcache::serve
