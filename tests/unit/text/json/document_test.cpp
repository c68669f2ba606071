#include "text/json/document.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace libcache;

using namespace libcache::internal;
using namespace std::string_view_literals;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

JsonDocument parsed(std::string_view text) {
  JsonDocument document;
  INFO(text.substr(0, 100));
  const Status status = document.parse(text);
  REQUIRE(status);
  return document;
}

std::string error_of(std::string_view text) {
  JsonDocument document;
  const Status status = document.parse(text);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::invalid);
  CHECK(document.nodes().empty());
  return status.error().message;
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

std::vector<std::string> sorted_names(std::string_view text) {
  const JsonDocument document = parsed(text);
  std::vector<std::string> names;
  for (const std::uint32_t index : document.sorted_members(document.root())) {
    names.emplace_back(document.node(index).name);
  }
  return names;
}

}  // namespace

TEST_CASE("values are stored in document order, each with the index of its next sibling") {
  const JsonDocument document = parsed(R"( {"a" : [1, {"b": null}], "c":-1.50e+2 } )");
  const auto nodes = document.nodes();
  REQUIRE(nodes.size() == 6);
  CHECK(nodes[0].kind == JsonKind::object);
  CHECK((nodes[0].end == 6 && nodes[0].count == 2 && !nodes[0].in_object));
  CHECK(nodes[1].kind == JsonKind::array);
  CHECK((nodes[1].name == "a" && nodes[1].end == 5 && nodes[1].count == 2 && nodes[1].in_object));
  CHECK(nodes[2].kind == JsonKind::integer);
  CHECK((nodes[2].token == "1" && nodes[2].name.empty() && !nodes[2].in_object));
  CHECK(nodes[3].kind == JsonKind::object);
  CHECK(nodes[4].kind == JsonKind::null);
  CHECK((nodes[4].name == "b" && nodes[4].token == "null"));
  CHECK(nodes[5].kind == JsonKind::decimal);
  CHECK((nodes[5].name == "c" && nodes[5].token == "-1.50e+2"));
}

TEST_CASE("any value may be the root") {
  CHECK(parsed("12 ").root().token == "12");
  CHECK(parsed("\"x\"").root().kind == JsonKind::string);
  CHECK(parsed("true").root().kind == JsonKind::true_);
  CHECK(parsed("\n false").root().kind == JsonKind::false_);
  CHECK(parsed("null\t").root().kind == JsonKind::null);
  CHECK(parsed("[ ]").root().count == 0);
  CHECK(parsed("{ }").root().count == 0);
}

TEST_CASE("strings keep their spelling, and it is known whether they need unescaping") {
  const JsonDocument document = parsed(R"(["plain é","a\nb\"","\u00e9\/","\u001f","\u001F","\u000a"])");
  const auto nodes = document.nodes();
  CHECK((nodes[1].token == "plain é" && !nodes[1].escaped && nodes[1].minimal));
  CHECK((nodes[2].token == R"(a\nb\")" && nodes[2].escaped && nodes[2].minimal));
  CHECK((nodes[3].escaped && !nodes[3].minimal));
  CHECK(nodes[4].minimal);
  CHECK_FALSE(nodes[5].minimal);
  CHECK_FALSE(nodes[6].minimal);
  std::string scratch;
  CHECK(JsonDocument::unescape(nodes[1], scratch) == "plain é");
  CHECK(JsonDocument::unescape(nodes[2], scratch) == "a\nb\"");
  CHECK(JsonDocument::unescape(nodes[3], scratch) == "é/");
}

TEST_CASE("every escape is decoded, including surrogate pairs") {
  const JsonDocument document =
      parsed(R"(["\"\\\/\b\f\n\r\t\u0000\u007f\u0080\u07ff\u0800\uffff\ud83d\uDE00\udbff\udfff"])");
  std::string scratch;
  CHECK(JsonDocument::unescape(document.node(1), scratch) ==
        "\"\\/\b\f\n\r\t\0\x7f\u0080\u07ff\u0800\uffff\U0001F600\U0010FFFF"sv);
}

TEST_CASE("names are unescaped and members sorted by their UTF-16 code units") {
  CHECK(sorted_names(R"({"b":1,"\u0061":2,"":3})") == std::vector<std::string>{"", "a", "b"});
  // In UTF-8 U+E000 and U+FFFF come before U+1F600; in UTF-16 after it.
  CHECK(sorted_names(R"({"\uffff":0,"\ue000":0,"\ud83d\ude00":0,"\ud7ff":0,"é":0,"z":0})") ==
        std::vector<std::string>{"z", "é", "\ud7ff", "\U0001F600", "\ue000", "\uffff"});
  CHECK(sorted_names(R"({"aa":0,"a":0,"a\u0000":0})") == std::vector<std::string>{"a", std::string("a\0", 2), "aa"});
}

TEST_CASE("many members are sorted and found") {
  std::string text = "{";
  for (int number = 1999; number >= 1000; --number)
    text += "\"m" + std::to_string(number) + "\":" + std::to_string(number) + ",";
  text.back() = '}';
  const JsonDocument document = parsed(text);
  const auto sorted = document.sorted_members(document.root());
  REQUIRE(sorted.size() == 1000);
  CHECK(document.node(sorted.front()).name == "m1000");
  CHECK(document.node(sorted.back()).name == "m1999");
  REQUIRE(document.find(document.root(), "m1234") != nullptr);
  CHECK(document.find(document.root(), "m1234")->token == "1234");
  CHECK(document.find(document.root(), "m123") == nullptr);
}

TEST_CASE("a document is reused from text to text") {
  JsonDocument document;
  REQUIRE(document.parse(R"({"a":[1,2,3]})"));
  REQUIRE_FALSE(document.parse("{"));
  REQUIRE(document.parse(R"(["x"])"));
  CHECK(document.nodes().size() == 2);
  CHECK(document.node(1).token == "x");
  const JsonDocument moved = std::move(document);
  CHECK(moved.node(1).token == "x");
}

TEST_CASE("one byte-order mark is dropped, and offsets count it") {
  CHECK(parsed("\xEF\xBB\xBF[1]").node(1).token == "1");
  CHECK(error_of("\xEF\xBB\xBF\xEF\xBB\xBF[1]") == "expected a value at byte 3");
  CHECK(error_of("\xEF\xBB\xBF[x]") == "expected a value at byte 4");
  CHECK(error_of("\xEF\xBB\xBF") == "empty input");
}

TEST_CASE("an input without a value is reported as empty") {
  CHECK(error_of("") == "empty input");
  CHECK(error_of(" \r\n\t") == "empty input");
}

TEST_CASE("a syntax error is rejected with its offset") {
  const auto [text, message] = GENERATE(table<std::string_view, std::string_view>({
      {"{", "unexpected end of input at byte 1"},
      {"[", "unexpected end of input at byte 1"},
      {"[1", "unexpected end of input at byte 2"},
      {"[[1]", "unexpected end of input at byte 4"},
      {"{\"a\"", "unexpected end of input at byte 4"},
      {"{\"a\":", "unexpected end of input at byte 5"},
      {"]", "expected a value at byte 0"},
      {"[1}", "expected ',' or ']' at byte 2"},
      {"{\"a\":1]", "expected ',' or '}' at byte 6"},
      {"{]", "expected a member's name at byte 1"},
      {"{\"a\":1,}", "expected a member's name at byte 7"},
      {"[1,]", "expected a value at byte 3"},
      {"[,1]", "expected a value at byte 1"},
      {"[1 2]", "expected ',' or ']' at byte 3"},
      {"[\"a\" \"b\"]", "expected ',' or ']' at byte 5"},
      {"[\"a\"b]", "expected ',' or ']' at byte 4"},
      {"[\"a\":1]", "expected ',' or ']' at byte 4"},
      {"{\"a\":\"b\":1}", "expected ',' or '}' at byte 8"},
      {"{\"a\" 1}", "expected ':' at byte 5"},
      {"{\"a\":}", "expected a value at byte 5"},
      {"{a:1}", "expected a member's name at byte 1"},
      {"{'a':1}", "expected a member's name at byte 1"},
      {"{1:1}", "expected a member's name at byte 1"},
      {"{\"a\":1}x", "extra text after the value at byte 7"},
      {"{\"a\":1}{\"a\":2}", "extra text after the value at byte 7"},
      {"1 2", "extra text after the value at byte 2"},
      {"{} ,", "extra text after the value at byte 3"},
      {"// c\n{}", "expected a value at byte 0"},
      {"[1/**/]", "expected a value at byte 1"},
      {"[tru]", "expected a value at byte 1"},
      {"[truex]", "expected a value at byte 1"},
      {"[True]", "expected a value at byte 1"},
      {"[nul]", "expected a value at byte 1"},
      {"[NaN]", "expected a value at byte 1"},
      {"[Infinity]", "expected a value at byte 1"},
      {"[-Infinity]", "expected a value at byte 1"},
      {"[01]", "expected a value at byte 1"},
      {"[-01]", "expected a value at byte 1"},
      {"[+1]", "expected a value at byte 1"},
      {"[.5]", "expected a value at byte 1"},
      {"[1.]", "expected a value at byte 1"},
      {"[1.e5]", "expected a value at byte 1"},
      {"[1e]", "expected a value at byte 1"},
      {"[1e+]", "expected a value at byte 1"},
      {"[-]", "expected a value at byte 1"},
      {"[0x1]", "expected a value at byte 1"},
      {"[1_0]", "expected a value at byte 1"},
      {"[1\f]", "expected"},
      {"[1\xC2\xA0]", "expected a value at byte 1"},
  }));
  INFO(text);
  CHECK_THAT(error_of(text), StartsWith(std::string(message)));
}

TEST_CASE("a NUL byte is neither the end of the text nor white space") {
  CHECK(error_of("{}\0"sv) == "extra text after the value at byte 2");
  CHECK(error_of("[1\0]"sv) == "expected a value at byte 1");
  CHECK(error_of("[\0]"sv) == "expected a value at byte 1");
  CHECK(error_of("\0"sv) == "expected a value at byte 0");
}

TEST_CASE("invalid UTF-8 is rejected with its offset, wherever it occurs") {
  const auto bad = GENERATE(as<std::string>{}, "\xFF", "\xC3", "\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                            "\xF4\x90\x80\x80", "\xF0\x80\x80\x80", "\xE2\x82", "\xF8\x88\x80\x80\x80");
  CHECK(error_of("[\"é" + bad + "\"]") == "invalid UTF-8 at byte 4");
  CHECK(error_of("{\"é" + bad + "\":1}") == "invalid UTF-8 at byte 4");
  CHECK(error_of("[]" + bad) == "invalid UTF-8 at byte 2");
}

TEST_CASE("a UTF-16 text is rejected") {
  CHECK(error_of("\xFF\xFE[\0]\0"sv) == "invalid UTF-8 at byte 0");
}

TEST_CASE("a broken string is rejected with its offset") {
  CHECK(error_of("[\"a\\\"b\",\"a\tb\"]") == "control character in a string at byte 10");
  CHECK(error_of("[\"\0\"]"sv) == "control character in a string at byte 2");
  CHECK(error_of("[\"a\", \"b]") == "unterminated string at byte 6");
  CHECK(error_of("[\"a\\\"]") == "unterminated string at byte 1");
  CHECK(error_of("\"") == "unterminated string at byte 0");
  CHECK(error_of(R"(["ab\x"])") == "invalid escape at byte 4");
  CHECK(error_of(R"(["\u12"])") == "invalid escape at byte 2");
  CHECK(error_of(R"(["\u12g4"])") == "invalid escape at byte 2");
  CHECK(error_of(R"(["\u+123"])") == "invalid escape at byte 2");
  CHECK(error_of(R"(["\U0041"])") == "invalid escape at byte 2");
  CHECK(error_of(R"({"\'":1})") == "invalid escape at byte 2");
}

TEST_CASE("a lone surrogate is rejected in names and values") {
  const auto bad = GENERATE(as<std::string>{}, R"(\ud800)", R"(\udc00)", R"(\udfff)", R"(\udc00\ud800)", R"(\ud800x)",
                            R"(\ud800\n)", R"(\ud800\u0041)", R"(\ud800\ud800)", R"(\ud83d\ude0)");
  CHECK(error_of("[\"a" + bad + "\"]") == "lone surrogate escape at byte 3");
  CHECK(error_of("{\"a" + bad + "\":1}") == "lone surrogate escape at byte 3");
}

TEST_CASE("a name that occurs twice in one object, compared after unescaping, is rejected") {
  CHECK(error_of(R"({"a":1,"a":2})") == "duplicate member \"a\" at byte 8");
  CHECK(error_of(R"({"m":{"k":1,"\u006b":2}})") == "duplicate member \"k\" at byte 13");
  CHECK(error_of(R"({"":1,"b":2,"":3})") == "duplicate member \"\" at byte 13");
  CHECK(error_of(R"([{"x\n\"é":1,"x\n\"é":2}])") == R"(duplicate member "x\x0a\x22\xc3\xa9" at byte 15)");
  CHECK(parsed(R"({"a":{"a":{"A":1}}})").nodes().size() == 4);
}

TEST_CASE("under Go's rules names may repeat, and members are sorted by the bytes of their names") {
  JsonDocument document;
  REQUIRE(document.parse(R"({"b":1,"\ue000":2,"\ud83d\ude00":3,"b":4,"a":5,"b":6})", JsonRules::go));
  std::vector<std::string> tokens;
  for (const std::uint32_t index : document.sorted_members(document.root())) {
    tokens.emplace_back(document.node(index).token);
  }
  CHECK(tokens == std::vector<std::string>{"5", "1", "4", "6", "2", "3"});
}

TEST_CASE("under Go's rules a lone surrogate is the replacement character") {
  JsonDocument document;
  REQUIRE(document.parse(R"({"\udc00":"\ud800\ud800a\ud83d\ude00\ude00"})", JsonRules::go));
  std::string scratch;
  CHECK(document.node(1).name == "\ufffd");
  CHECK(JsonDocument::unescape(document.node(1), scratch) == "\ufffd\ufffda\U0001F600\ufffd");
}

TEST_CASE("a long name is shortened in messages") {
  const std::string name(100, 'n');
  CHECK(error_of("{\"" + name + "\":1,\"" + name + "\":1}") ==
        "duplicate member \"" + name.substr(0, 40) + "...\" at byte 107");
}

TEST_CASE("a number that overflows a double is rejected, one that underflows is not") {
  const auto bad = GENERATE(as<std::string>{}, "1e400", "-1e999", "1.8e308", "1e309", "1E+99999999999999999999");
  CHECK(error_of("[" + bad + "]") == "number overflows a double at byte 1");
  CHECK(error_of("[1" + std::string(309, '0') + "]") == "number overflows a double at byte 1");
  CHECK(error_of("[1" + std::string(400, '9') + ".5]") == "number overflows a double at byte 1");
  CHECK(parsed("[1.7976931348623157e308]").node(1).kind == JsonKind::decimal);
  CHECK(parsed("[1e-400]").node(1).kind == JsonKind::decimal);
  CHECK(parsed("[1" + std::string(308, '0') + "]").node(1).kind == JsonKind::integer);
  CHECK(parsed("[0." + std::string(400, '0') + "1]").node(1).kind == JsonKind::decimal);
}

TEST_CASE("nesting is bounded, without recursion") {
  CHECK(parsed(nested(512)).nodes().size() == 512);
  CHECK(error_of(nested(513)) == "nesting deeper than 512 at byte 512");
  CHECK(error_of(std::string(1'000'000, '[')) == "nesting deeper than 512 at byte 512");
  CHECK_THAT(error_of(nested(511) + "]"), StartsWith("extra text after"));
  std::string objects;
  for (int depth = 0; depth < 512; ++depth) objects += "{\"a\":";
  CHECK(error_of(objects + "{}") == "nesting deeper than 512 at byte 2560");
}
