#include "run/outer_runs.h"

#include <fmt/format.h>

#include <cstdlib>

namespace llmcache {

namespace {

constexpr const char* kRunningVariable = "_LLMCACHE_RUNNING";  // names hold no line breaks

}  // namespace

bool OuterRuns::contain(const std::string& name) {
  const char* const names = std::getenv(kRunningVariable);
  return names != nullptr && fmt::format("\n{}\n", names).find('\n' + name + '\n') != std::string::npos;
}

std::string OuterRuns::with(const std::string& name) {
  const char* const names = std::getenv(kRunningVariable);
  return fmt::format("{}={}{}", kRunningVariable, names == nullptr ? "" : names + std::string("\n"), name);
}

}  // namespace llmcache
