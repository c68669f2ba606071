#include "text/json/prefix.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

using namespace libcache::internal;

TEST_CASE("every beginning of a JSON object is JSON that is cut short") {
  const std::string text =
      R"( {"a": [1, -2.5e+3, 0, true, false, null, NaN, -Infinity, {}], "b\"\\": "\u00e9 \" x", "c": {"d": [[]]}})";
  for (std::size_t size = 2; size < text.size(); ++size) {
    INFO(text.substr(0, size));
    CHECK(is_json_cut_short(text.substr(0, size)));
  }
  CHECK_FALSE(is_json_cut_short(text));
}

TEST_CASE("text that a parser would not accept is not JSON that is cut short") {
  const auto* const text = GENERATE("", " ", "a", "\"a", "12", "{a", "{\"a\" 1", "{\"a\":}", "{,", "[,", "[1 2", "[1,]",
                                    "{]", "[}", "[tru e", "[01", "[1.", "[1.x", "[--", "[+1", "{\"a\":1,}", "[1]]",
                                    "[Note", R"(["\x)", R"({"\alpha)", R"(["\u12G)", R"(["\u12")");
  INFO(text);
  CHECK(is_json_cut_short(text) == (std::string(text) == "[1."));
}

TEST_CASE("the end of a value is found whatever the pieces it arrives in") {
  const std::string value = R"({"a":"}\\","b":["]\"",{}],"c":"\\\\"})";
  const std::string text = value + "{\"next\":1}";
  JsonValueEnd in_bytes;
  for (std::size_t size = 1; size < value.size(); ++size) CHECK_FALSE(in_bytes.find(text.substr(0, size), false));
  CHECK(in_bytes.find(value, false) == value.size());
  CHECK(JsonValueEnd().find(text, false) == value.size());
}

TEST_CASE("a number or a literal ends before what follows it, or with the text") {
  CHECK_FALSE(JsonValueEnd().find("12", false));
  CHECK(JsonValueEnd().find("12", true) == 2U);
  CHECK(JsonValueEnd().find("12,", false) == 2U);
  CHECK(JsonValueEnd().find("true\n", false) == 4U);
  CHECK(JsonValueEnd().find("\"a b\" ", false) == 5U);
}
