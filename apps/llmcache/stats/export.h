// Statistics for programs.
#pragma once

#include <string>

#include "stats/group.h"

namespace llmcache {

// One JSON object; llmcache(1) describes it.
std::string json_of(const Summary& summary);
// In the text format of Prometheus, with a label for the dimension.
std::string prometheus_of(const Summary& summary);

}  // namespace llmcache
