#include <libcache/key.h>

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

using namespace libcache;

namespace {

using Use = Explanation::Use;

const char* name_of(Use use) {
  switch (use) {
    case Use::in_key:
      return "in_key";
    case Use::ignored:
      return "ignored";
    case Use::rewritten:
      return "rewritten";
    case Use::set_by_option:
      return "set_by_option";
  }
  return "";
}

// A row a line: pointer, use, value and detail.
std::string explained(std::string_view request, const KeyOptions& options = {}) {
  const auto rows = explain(options, request);
  REQUIRE(rows);
  std::string text;
  for (const Explanation& row : *rows) {
    text +=
        row.pointer + " " + name_of(row.use) + " " + row.value + (row.detail.empty() ? "" : " | " + row.detail) + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("every scalar, empty container and ignored member is explained in document order") {
  KeyOptions options;
  options.ignore = {"/metadata", "/messages/1/id"};
  CHECK(
      explained(R"({"stream":true,"model":"m","messages":[{"role":"user"},{"id":7,"x":[]}],"metadata":{"b":1, "a":[2]},
                      "a/b~":{},"fallbacks":[]})",
                options) ==
      "/stream ignored true | it selects the kind of entry\n"
      "/model in_key \"m\"\n"
      "/messages/0/role in_key \"user\"\n"
      "/messages/1/id ignored 7 | the ignore option: /messages/1/id\n"
      "/messages/1/x in_key []\n"
      "/metadata ignored {\"a\":[2],\"b\":1} | the ignore option: /metadata\n"
      "/a~1b~0 in_key {}\n"
      "/fallbacks in_key []\n");
}

TEST_CASE("a value that the canonical form spells differently is shown in both spellings") {
  CHECK(explained(R"({"t":1.0,"n":-0,"s":"\u0041\/","k":0.7,"big":9007199254740993,"\u006b2":"a\n"})") ==
        "/t rewritten 1.0 | 1\n"
        "/n rewritten -0 | 0\n"
        "/s rewritten \"\\u0041\\/\" | \"A/\"\n"
        "/k in_key 0.7\n"
        "/big in_key 9007199254740993\n"
        "/k2 in_key \"a\\n\"\n");
}

TEST_CASE("the explanation of a member that an option removes or sets names the option") {
  KeyOptions options;
  options.by_model = false;
  options.provider = "azure";
  CHECK(explained(R"({"provider":"openai","model":"m"})", options) ==
        "/provider set_by_option \"openai\" | the provider option: \"azure\"\n"
        "/model ignored \"m\" | the by_model option is off\n");
  CHECK(explained(R"({"model":"m"})", options) ==
        "/model ignored \"m\" | the by_model option is off\n"
        "/provider set_by_option  | the provider option: \"azure\"\n");
  options.by_provider = false;
  CHECK(explained(R"({"provider":"openai"})", options) ==
        "/provider ignored \"openai\" | the by_provider option is off\n");
  CHECK(explained(R"({"a":1})", options) == "/a in_key 1\n");
}

TEST_CASE("every member that an ignore pointer with a * removes is explained") {
  KeyOptions options;
  options.ignore = {"/m/*/t"};
  CHECK(explained(R"({"m":[{"t":1},{"t":2,"u":3}],"stream":false})", options) ==
        "/m/0/t ignored 1 | the ignore option: /m/*/t\n"
        "/m/1/t ignored 2 | the ignore option: /m/*/t\n"
        "/m/1/u in_key 3\n"
        "/stream in_key false\n");
}

TEST_CASE("an empty request is one empty container") {
  CHECK(explained("{}") == " in_key {}\n");
}

TEST_CASE("explaining fails as deriving does") {
  const auto rejected = explain({}, R"({"a":1,"a":2})");
  REQUIRE_FALSE(rejected);
  CHECK(rejected.error().message == "duplicate member \"a\" at byte 8");
  KeyOptions options;
  options.session = "";
  CHECK_FALSE(explain(options, "{}"));
}

TEST_CASE("under Bifrost every member that never reaches the key is named") {
  CHECK(explained(R"({"model":"openai/gpt-4o","stream":true,"seed":[1],"messages":[{"role":"user","content":"\u0041",
                      "name":"bob","refusal":null}],"temperature":1.0,"fallbacks":[],"tools":[{"function":{"strict":true,
                      "parameters":{"properties":{"b":{"x":2.0},"a":[]},"required":[]}}}],"stop_sequences":[null]})",
                  KeyOptions::bifrost()) ==
        "/model rewritten \"openai/gpt-4o\" | \"provider\":\"openai\",\"model\":\"gpt-4o\"\n"
        "/stream ignored true | not in the key under Bifrost; it selects the kind of entry\n"
        "/seed ignored [1] | not in the key under Bifrost\n"
        "/messages/0/role in_key \"user\"\n"
        "/messages/0/content rewritten \"\\u0041\" | \"A\"\n"
        "/messages/0/name ignored \"bob\" | not in the key under Bifrost\n"
        "/messages/0/refusal ignored null | not in the key under Bifrost\n"
        "/temperature rewritten 1.0 | 1\n"
        "/fallbacks ignored [] | not in the key under Bifrost\n"
        "/tools/0/function/strict ignored true | not in the key under Bifrost\n"
        "/tools/0/function/parameters/properties/b/x rewritten 2.0 | 2\n"
        "/tools/0/function/parameters/properties/a in_key []\n"
        "/tools/0/function/parameters/required ignored [] | not in the key under Bifrost\n"
        "/stop_sequences/0 rewritten null | \"\"\n");
}

TEST_CASE("under Bifrost the options are named too") {
  KeyOptions options = KeyOptions::bifrost();
  options.provider = "azure";
  options.by_model = false;
  const std::string_view core =
      R"({"provider":"openai","model":"m","input":{"text_completion_input":"x"},"params":{}})";
  CHECK(explained(core, options) ==
        "/provider set_by_option \"openai\" | the provider option: \"azure\"\n"
        "/model ignored \"m\" | the by_model option is off\n"
        "/input/text_completion_input in_key \"x\"\n"
        "/params in_key {}\n");
  CHECK(explained(R"({"model":"openai/m","text":"x"})", options) ==
        "/model rewritten \"openai/m\" | \"provider\":\"azure\"\n"
        "/text in_key \"x\"\n"
        "/provider set_by_option  | the provider option: \"azure\"\n");
  options.by_provider = false;
  CHECK(explained(core, options) ==
        "/provider ignored \"openai\" | the by_provider option is off\n"
        "/model ignored \"m\" | the by_model option is off\n"
        "/input/text_completion_input in_key \"x\"\n"
        "/params in_key {}\n");
}
