// Tests that need something from the machine that they cannot provide themselves.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <string>

namespace support {

// Ends a test that cannot run here: as skipped on a developer's machine, as failed in CI, where nothing may be skipped.
[[noreturn]] inline void cannot_run(const std::string& reason) {
  if (std::getenv("CI") != nullptr) FAIL(reason);
  SKIP(reason);
  std::abort();
}

}  // namespace support
