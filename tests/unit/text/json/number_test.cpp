#include "text/json/number.h"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <random>

using namespace libcache;

using namespace libcache::internal;

namespace {

std::string shortest(double value) {
  std::string out;
  append_shortest(out, value);
  return out;
}

}  // namespace

TEST_CASE("the form of a number token is recognised as RFC 8259 says") {
  for (const char* token : {"0", "-0", "10", "-9007199254740993"}) CHECK(number_form(token) == NumberForm::integer);
  for (const char* token : {"0.0", "-1.25", "1e5", "1E+05", "1.5e-0"}) CHECK(number_form(token) == NumberForm::decimal);
  for (const char* token : {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.e1", "1-", "1e5.0", "0x1", "1 "}) {
    CHECK(number_form(token) == NumberForm::invalid);
  }
}

TEST_CASE("a number is converted to the nearest double") {
  CHECK(to_double("9007199254740993") == 9007199254740992.0);
  CHECK(to_double("-1.5e2") == -150.0);
  CHECK(to_double("1e-400") == 0.0);
  CHECK(std::signbit(to_double("-0.0")));
  CHECK(std::isinf(to_double("1e400")));
  CHECK(to_double("2.2250738585072011e-308") == 2.2250738585072011e-308);
  CHECK(to_double("1" + std::string(5000, '0') + "e-5000") == 1.0);
}

TEST_CASE("a number that overflows is never reported as one that cannot") {
  CHECK(may_overflow("1e309"));
  CHECK(may_overflow("1E1"));
  CHECK(may_overflow(std::string(309, '9')));
  CHECK_FALSE(may_overflow(std::string(308, '9')));
  CHECK_FALSE(may_overflow("0.5"));
}

TEST_CASE("doubles are written as ECMAScript writes them") {
  CHECK(shortest(0.0) == "0");
  CHECK(shortest(-0.0) == "0");
  CHECK(shortest(1e21) == "1e+21");
  CHECK(shortest(123456789012345680000.0) == "123456789012345680000");
  CHECK(shortest(0.000001) == "0.000001");
  CHECK(shortest(-1e-7) == "-1e-7");
}

TEST_CASE("a decimal that counts as shortest is exactly the text that its double is written as") {
  std::mt19937_64 random(8785);
  std::size_t passed = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string digits = std::to_string(random() % static_cast<std::uint64_t>(std::pow(10, 1 + random() % 18)));
    digits.insert(0, random() % 9, '0');
    const std::size_t point = random() % digits.size();
    std::string token = digits.substr(0, point).empty() ? "0" : std::to_string(std::stoull(digits.substr(0, point)));
    token = (random() % 2 ? "-" : "") + token + "." + digits.substr(point);
    if (!is_shortest(token)) continue;
    ++passed;
    INFO(token);
    REQUIRE(shortest(to_double(token)) == token);
  }
  CHECK(is_shortest("123456789012345"));
  CHECK_FALSE(is_shortest("9007199254740993"));
  CHECK(passed > 1000);
  CHECK_FALSE(is_shortest("0.0000001"));
  CHECK_FALSE(is_shortest("1.50"));
  CHECK_FALSE(is_shortest("1e5"));
}
