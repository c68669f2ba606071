#include "key/base64.h"

#include <catch2/catch_test_macros.hpp>

using namespace libcache;

using namespace libcache::internal;

TEST_CASE("base64 that Go decodes is re-encoded in one canonical form") {
  CHECK(normal_base64("") == "");
  CHECK(normal_base64("aGVsbG8=") == "aGVsbG8=");
  CHECK(normal_base64("aGVs\r\nbG8=\n") == "aGVsbG8=");
  CHECK(normal_base64("aGVsbG9=") == "aGVsbG8=");
  CHECK(normal_base64("aR==") == "aQ==");
  CHECK(normal_base64("+/+/") == "+/+/");
}

TEST_CASE("text that Go would not decode is not base64") {
  for (const char* text :
       {"a", "aGVsbG8", "aGVsbG8==", "=", "====", "a===", "aG=s", "aGVs bG8=", "-_-_", "aGVsbG8=aGVs"}) {
    INFO(text);
    CHECK_FALSE(normal_base64(text).has_value());
  }
}
