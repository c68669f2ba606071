// The requests for which no answer was recorded, as a JUnit report, which CI systems show beside failed tests.
#pragma once

#include <string>
#include <vector>

namespace llmcache::serve {

struct Missed {
  std::string key;       // empty: the request cannot be recorded
  std::string endpoint;  // without credentials
  std::string message;   // the nearest recorded request, and where it differs
};

// Throws a Failure (refused) if the file cannot be written.
void write_junit(const std::string& path, const std::vector<Missed>& missed);

}  // namespace llmcache::serve
