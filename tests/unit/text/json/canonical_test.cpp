#include "text/json/canonical.h"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

using namespace libcache;

using namespace libcache::internal;
using namespace std::string_view_literals;

namespace {

std::string canonical(std::string_view text, const CanonicalEdits& edits = {}) {
  JsonDocument document;
  INFO(text);
  REQUIRE(document.parse(text));
  std::string out;
  append_canonical(out, document, document.root(), edits);
  return out;
}

}  // namespace

TEST_CASE("white space is removed and members are sorted at every depth") {
  CHECK(canonical(" { \"b\" : [ 1 , { \"d\":{}, \"c\" : [ ] } ] , \"a\" : null }\n") ==
        R"({"a":null,"b":[1,{"c":[],"d":{}}]})");
  CHECK(canonical("[true,false,[[]],{}]") == "[true,false,[[]],{}]");
  CHECK(canonical(" \"x\" ") == "\"x\"");
}

TEST_CASE("the example of RFC 8785, section 3.2.2, has the canonical form given there") {
  CHECK(canonical(R"({
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  })") == R"({"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],)"
          R"("string":"€$\u000f\nA'B\"\\\\\"/"})");
}

TEST_CASE("members sort by UTF-16 code units, as in the example of RFC 8785, section 3.2.3") {
  CHECK(canonical(R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7})") ==
        "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"\u00f6\":7,\"\u20ac\":1,\"\U0001F600\":5,\"\ufb33\":3}");
}

TEST_CASE("strings have the escapes they need, in their shortest form, and no others") {
  CHECK(canonical(R"(["\u0008\u0009\u000A\u000b\u000C\u000D\u0000\u001F\u0022\u005C\u002f\/\u007f"])") ==
        "[\"\\b\\t\\n\\u000b\\f\\r\\u0000\\u001f\\\"\\\\//\x7f\"]");
  CHECK(canonical(R"(["\u003c\u2028é\ud834\udd1e"])") == "[\"<\u2028é\U0001D11E\"]");
  CHECK(canonical("[\"e\u0301\"]") == "[\"e\u0301\"]");
  CHECK(canonical(R"({"\u0061\n\/\"":1})") == R"({"a\n/\"":1})");
}

TEST_CASE("decimals are written as ECMAScript writes them") {
  CHECK(canonical("[1.0,-0.0,1e21,1e20,1E+2,0.0000001,0.000001,1.5e-7,-1.50,5e-324,1.7976931348623157e308,1e-400]") ==
        "[1,0,1e+21,100000000000000000000,100,1e-7,0.000001,1.5e-7,-1.5,5e-324,1.7976931348623157e+308,0]");
  CHECK(canonical("[0.1,0.30000000000000004,123456789012.345,0.00000012,9007199254740993.0,0.1000000000000000055]") ==
        "[0.1,0.30000000000000004,123456789012.345,1.2e-7,9007199254740992,0.1]");
}

TEST_CASE("integers keep their digits, also beyond the exact range of a double") {
  CHECK(canonical("[0,-0,-1,9007199254740993,-9007199254740993,100000000000000000000000]") ==
        "[0,0,-1,9007199254740993,-9007199254740993,100000000000000000000000]");
}

TEST_CASE("removed members are left out with everything in them") {
  JsonDocument document;
  REQUIRE(document.parse(R"({"c":1,"a":{"x":[1],"y":2},"b":{"z":0}})"));
  std::string out;
  const std::vector<std::uint32_t> some{1, 3, 7};
  append_canonical(out, document, document.root(), {some, {}});
  CHECK(out == R"({"a":{"y":2},"b":{}})");
  out.clear();
  const std::vector<std::uint32_t> all{1, 2, 6};
  append_canonical(out, document, document.root(), {all, {}});
  CHECK(out == "{}");
}

TEST_CASE("an added member is written in its sorted place among the root's members") {
  const auto with = [](std::string_view text, std::string_view value = "v") {
    return canonical(text, {{}, CanonicalEdits::Member{"m", value}});
  };
  CHECK(with("{}") == R"({"m":"v"})");
  CHECK(with(R"({"z":{},"a":{"z":1}})") == R"({"a":{"z":1},"m":"v","z":{}})");
  CHECK(with(R"({"a":1})") == R"({"a":1,"m":"v"})");
  CHECK(with(R"({"n":1})") == R"({"m":"v","n":1})");
  CHECK(with("{}", "\"\\\n\x01é") == R"({"m":"\"\\\n\u0001é"})");
}

TEST_CASE("a value inside a document can be written alone") {
  JsonDocument document;
  REQUIRE(document.parse(R"({"a":[{"c":1,"b":2.0}],"d":3})"));
  std::string out = "x";
  append_canonical(out, document, *document.find(document.root(), "a"));
  CHECK(out == R"(x[{"b":2,"c":1}])");
}

TEST_CASE("the deepest document is written without recursion") {
  const std::string text = std::string(JsonDocument::kMaxDepth, '[') + std::string(JsonDocument::kMaxDepth, ']');
  CHECK(canonical(text) == text);
}
