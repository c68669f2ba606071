// The runs around this process.
#pragma once

#include <string>

namespace llmcache {

// The entries for which this process and its ancestors are running a COMMAND. A run of the same request inside of one
// would wait for itself.
class OuterRuns {
 public:
  static bool contain(const std::string& name);
  // The variable ("NAME=value") that tells a COMMAND that is run for `name`.
  static std::string with(const std::string& name);
};

}  // namespace llmcache
