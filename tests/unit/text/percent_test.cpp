#include "text/percent.h"

#include <catch2/catch_test_macros.hpp>

using namespace libcache;

using namespace libcache::internal;

TEST_CASE("percent escapes can encode any byte") {
  CHECK(percent_decoded("a%20b%2Fc%2fd") == "a b/c/d");
  CHECK(percent_decoded("%00%ff") == std::string("\0\xff", 2));
  CHECK(percent_decoded("") == "");
  for (const auto* text : {"%", "%4", "a%", "%4g", "%g4", "% 4", "%+4", "%-4", "%xx"}) {
    INFO(text);
    CHECK(percent_decoded(text) == std::nullopt);
  }
}

TEST_CASE("decoding restores every encoded byte") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(percent_decoded(percent_encoded(all)) == all);
  CHECK(percent_encoded("a-b.c_d~e f/%") == "a-b.c_d~e%20f%2F%25");
}
