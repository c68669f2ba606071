#include "base/hash.h"

#include <catch2/catch_test_macros.hpp>

#include "base/hex.h"

using namespace libcache;

using namespace libcache::internal;

TEST_CASE("xxh3_128_hex prints what xxh128sum prints") {
  CHECK(xxh3_128_hex("") == "99aa06d3014798d86001c324468d497f");
  CHECK(xxh3_128_hex(R"({"a":1})") == "3c8c141663acf5a1b6b7137162fa70fb");
}

TEST_CASE("xxh64 and xxh3_64 match their reference values") {
  CHECK(xxh64("") == 0xef46db3751d8e999);
  CHECK(xxh3_64("") == 0x2d06800538d394c2);
}

TEST_CASE("sha256 matches the example of FIPS 180-4") {
  CHECK(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
