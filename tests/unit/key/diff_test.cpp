#include <libcache/key.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace libcache;

namespace {

// A difference a line: pointer, left and right.
std::string differences(std::string_view left, std::string_view right, const KeyOptions& options = {}) {
  const auto found = diff(options, left, right);
  REQUIRE(found);
  std::string text;
  for (const Difference& difference : *found) {
    text += difference.pointer + " " + difference.left.value_or("-") + " " + difference.right.value_or("-") + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("requests with one key do not differ, however they are spelled") {
  CHECK(differences(R"({"a":1.0,"b":["\u0041"],"stream":true})", R"({"b":["A"],"a":1})").empty());
}

TEST_CASE("differing scalars are shown at their pointers") {
  CHECK(differences(R"({"t":0.7,"m":[{"c":"x"},{"c":"y"}],"s":"1","a/b":null})",
                    R"({"t":0.70,"m":[{"c":"x"},{"c":"z"}],"s":1,"a/b":false})") ==
        "/a~1b null false\n"
        "/m/1/c \"y\" \"z\"\n"
        "/s \"1\" 1\n");
}

TEST_CASE("members and elements that only one side has are shown whole") {
  CHECK(differences(R"({"b":{"z":1,"y":2},"d":[1],"e":[1,2,3]})", R"({"a":1,"c":{},"d":[1,{"k":[]}],"e":[1]})") ==
        "/a - 1\n"
        "/b {\"y\":2,\"z\":1} -\n"
        "/c - {}\n"
        "/d/1 - {\"k\":[]}\n"
        "/e/1 2 -\n"
        "/e/2 3 -\n");
}

TEST_CASE("an element that was inserted, removed or moved is one difference, and those after it are none") {
  CHECK(differences(R"({"m":[{"c":"a"},{"c":"b"},{"c":"c"}]})",
                    R"({"m":[{"c":"a"},{"c":"new"},{"c":"b"},{"c":"c"}]})") == "/m/1 - {\"c\":\"new\"}\n");
  CHECK(differences(R"({"m":["a","b","c","d"]})", R"({"m":["b","c","d"]})") == "/m/0 \"a\" -\n");
  CHECK(differences(R"({"m":["a","b","c","d"]})", R"({"m":["b","c","d","a"]})") ==
        "/m/0 \"a\" -\n"
        "/m/3 - \"a\"\n");
  CHECK(differences(R"({"m":["a","a","b"]})", R"({"m":["a","b"]})") == "/m/1 \"a\" -\n");
}

TEST_CASE("an element that changed is compared with what it was, also after one that was inserted") {
  CHECK(differences(R"({"m":[{"c":"system"},{"c":"The first question"},{"c":"end"}]})",
                    R"({"m":[{"c":"system"},{"c":"Something else"},{"c":"The last question"},{"c":"end"}]})") ==
        "/m/1 - {\"c\":\"Something else\"}\n"
        "/m/2/c \"The first question\" \"The last question\"\n");
  CHECK(differences(R"({"m":[1,2,[{"x":1}]]})", R"({"m":[0,1,2,[{"x":2}]]})") ==
        "/m/0 - 0\n"
        "/m/3/0/x 1 2\n");
}

TEST_CASE("lists that are too long to align are compared element by element, and equal ends are not too long") {
  std::string left = "{\"m\":[";
  std::string right = left + "-1,";
  for (int i = 0; i < 20'000; ++i) {
    left += std::to_string(i) + ',';
    right += std::to_string(i) + ',';
  }
  CHECK(differences(left + "7]}", right + "7]}") == "/m/0 - -1\n");
  CHECK(std::ranges::count(differences(left + "7]}", right + "8]}"), '\n') == 20'002);
}

TEST_CASE("values of different kinds are shown whole") {
  CHECK(differences(R"({"a":[1],"b":{},"c":{"x":1}})", R"({"a":{"0":1},"b":[],"c":1})") ==
        "/a [1] {\"0\":1}\n"
        "/b {} []\n"
        "/c {\"x\":1} 1\n");
}

TEST_CASE("only members that are part of the key are compared") {
  KeyOptions options;
  options.ignore = {"/id"};
  options.provider = "p";
  CHECK(differences(R"({"id":1,"provider":"x","a":1})", R"({"id":2,"a":2})", options) == "/a 1 2\n");
}

TEST_CASE("integers that are the same double still differ") {
  CHECK(differences(R"({"seed":9007199254740993})", R"({"seed":9007199254740992})") ==
        "/seed 9007199254740993 9007199254740992\n");
}

TEST_CASE("the message about a rejected request says which side it is") {
  const auto left = diff({}, "[]", "{}");
  REQUIRE_FALSE(left);
  CHECK(left.error().code == ErrorCode::invalid);
  CHECK(left.error().message == "the left request: the request is not a JSON object");
  const auto right = diff({}, "{}", "");
  REQUIRE_FALSE(right);
  CHECK(right.error().message == "the right request: empty input");
}

TEST_CASE("0 and -0 differ under Bifrost") {
  CHECK(differences(R"({"model":"p/m","text":"x","top_p":-0.0})", R"({"model":"p/m","text":"x","top_p":0})",
                    KeyOptions::bifrost()) == "/params/top_p -0 0\n");
}
