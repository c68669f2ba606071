#include "text/json/go.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace libcache;

using namespace libcache::internal;
using namespace std::string_view_literals;

namespace {

// What append_go_any writes for a JSON text.
std::string any(std::string_view text) {
  JsonDocument document;
  INFO(text);
  REQUIRE(document.parse(text, JsonRules::go));
  std::string out;
  append_go_any(out, document, document.root());
  return out;
}

std::string value(std::string_view text, GoStrings mode = GoStrings::standard) {
  std::string out;
  append_go_string(out, text, mode);
  return out;
}

std::string token(std::string_view json, GoStrings mode = GoStrings::standard) {
  JsonDocument document;
  REQUIRE(document.parse(json, JsonRules::go));
  std::string out;
  append_go_string(out, document.root(), mode);
  return out;
}

std::string number(std::string_view token) {
  std::string out;
  append_go_float(out, token);
  return out;
}

}  // namespace

TEST_CASE("control characters have short escapes where encoding/json has them") {
  CHECK(value("\b\f\n\r\t"sv) == R"("\b\f\n\r\t")");
  CHECK(value("\0\x01\x0b\x1f\x7f"sv) == "\"\\u0000\\u0001\\u000b\\u001f\x7f\"");
  CHECK(token(R"("\b\f\n\r\t\u0008\u000C\u000a\u0000\u001F\u007f")") ==
        "\"\\b\\f\\n\\r\\t\\b\\f\\n\\u0000\\u001f\x7f\"");
}

TEST_CASE("values that marshal themselves have no short escapes for backspace and form feed") {
  CHECK(value("\b\f\n\r\t", GoStrings::self_marshaled) == R"("\u0008\u000c\n\r\t")");
  CHECK(token(R"("\b\f\u0008\n")", GoStrings::self_marshaled) == R"("\u0008\u000c\u0008\n")");
}

TEST_CASE("characters that are markup in HTML are escaped, in both modes") {
  CHECK(value("<a> & \"b\" \\ '/'") == R"("\u003ca\u003e \u0026 \"b\" \\ '/'")");
  CHECK(value("<&>", GoStrings::self_marshaled) == R"("\u003c\u0026\u003e")");
  CHECK(token(R"("\u003c\u003E<\u0026 \" \\ \/")") == R"("\u003c\u003e\u003c\u0026 \" \\ /")");
}

TEST_CASE("the two line separators of Unicode are escaped, and nothing like them") {
  CHECK(value("\u2028\u2029\u2027\u202a\u20ac\u00e9") == "\"\\u2028\\u2029\u2027\u202a\u20ac\u00e9\"");
  CHECK(token("\"\u2028\\u2029\\u2028\"") == R"("\u2028\u2029\u2028")");
}

TEST_CASE("everything else is raw UTF-8") {
  CHECK(token(R"("\u00e9\ud83d\ude00\uffff\ufeff é")") == "\"\u00e9\U0001F600\uffff\ufeff é\"");
  CHECK(token(R"("\ud800")") == "\"\ufffd\"");
}

TEST_CASE("numbers are float64 in Go's form") {
  CHECK(number("1.0") == "1");
  CHECK(number("0") == "0");
  CHECK(number("-0.0") == "-0");
  CHECK(number("-0") == "-0");
  CHECK(number("-1e-400") == "-0");
  CHECK(number("1e21") == "1e+21");
  CHECK(number("1e20") == "100000000000000000000");
  CHECK(number("0.000001") == "0.000001");
  CHECK(number("0.0000001") == "1e-7");
  CHECK(number("1.5e-09") == "1.5e-9");
  CHECK(number("5e-324") == "5e-324");
  CHECK(number("1.7976931348623157e308") == "1.7976931348623157e+308");
  CHECK(number("9007199254740993") == "9007199254740992");
  CHECK(number("123456789012345680") == "123456789012345680");
  CHECK(number("0.30000000000000004") == "0.30000000000000004");
}

TEST_CASE("free values have their members sorted by bytes, at every depth") {
  CHECK(any(R"({"b":[{"z":1.0,"A":null,"":true}],"\ue000":{},"\ud83d\ude00":[],"a<":"\b"})") ==
        "{\"a\\u003c\":\"\\b\",\"b\":[{\"\":true,\"A\":null,\"z\":1}],\"\ue000\":{},\"\U0001F600\":[]}");
}

TEST_CASE("of members with one name the last counts") {
  CHECK(any(R"({"b":1,"a":{"x":1},"b":{"c":2,"c":3},"a":[],"\u0062":4})") == R"({"a":[],"b":4})");
}

TEST_CASE("the deepest free value is written without recursion") {
  const std::string text = std::string(JsonDocument::kMaxDepth, '[') + std::string(JsonDocument::kMaxDepth, ']');
  CHECK(any(text) == text);
}
