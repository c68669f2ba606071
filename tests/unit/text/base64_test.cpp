#include "text/base64.h"

#include <catch2/catch_test_macros.hpp>

using namespace libcache::internal;

TEST_CASE("base64 is that of RFC 4648") {
  CHECK(to_base64("") == "");
  CHECK(to_base64("f") == "Zg==");
  CHECK(to_base64("fo") == "Zm8=");
  CHECK(to_base64("foo") == "Zm9v");
  CHECK(to_base64("foobar") == "Zm9vYmFy");
  CHECK(to_base64("\xff\xfe") == "//4=");
}

TEST_CASE("every string of bytes is read back from its base64") {
  std::string bytes;
  for (int i = 0; i < 600; ++i) {
    CHECK(from_base64(to_base64(bytes)) == bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST_CASE("text that is not base64 is not read") {
  for (const char* text : {"Zg", "Zg=", "Z===", "Zg=a", "Zm9v\n", "Zm 9", "====", "Zg==Zg=="}) {
    INFO(text);
    CHECK_FALSE(from_base64(text));
  }
}
