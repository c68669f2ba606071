// What a test needs of the machine that it cannot make for itself.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <string>

namespace support {

// Ends a test that cannot run here: skipped at a developer's desk, failed in CI, where nothing may go untested.
[[noreturn]] inline void cannot_run(const std::string& reason) {
  if (std::getenv("CI") != nullptr) FAIL(reason);
  SKIP(reason);
  std::abort();
}

}  // namespace support
