// Statistics for programs.
#pragma once

#include <string>

#include "stats/group.h"

namespace llmcache {

// One JSON object; llmcache(1) describes it.
std::string json_of(const Summary& summary);
std::string json_of(const libcache::StoreSize& entries);
// In the text format of Prometheus, with a label for the dimension.
std::string prometheus_of(const Summary& summary);

}  // namespace llmcache
