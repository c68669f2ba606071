// Members that are repeated in a request: Go decodes the later value over the earlier one.
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "unit/key/bifrost/hashed.h"

using namespace libcache;
using namespace libcache::test;

TEST_CASE("the last of repeated scalars counts") {
  CHECK(hashed(R"({"input":{},"model":"a","Model":"b","provider":"x","provider":"y"})") ==
        R"({"provider":"y","model":"b","input":{}})");
  CHECK(params(R"("top_k":1,"top_k":2,"user":"a","user":"b","parallel_tool_calls":true,"parallel_tool_calls":false)") ==
        R"({"top_k":2,"parallel_tool_calls":false,"user":"b"})");
  CHECK(hashed(R"({"model":"a/b","model":"c/d","text":"x","text":"y"})") ==
        R"({"provider":"c","model":"d","input":{"text_completion_input":"y"},"params":{}})");
}

TEST_CASE("a null clears what Go holds as a pointer, a list or a map, and leaves other values as they are") {
  CHECK(params(R"("top_k":1,"top_k":null,"tools":[],"tools":null,"tool_choice":"auto","tool_choice":null)") == "{}");
  CHECK(hashed(R"({"input":{},"params":{"top_k":1},"params":null})") == R"({"input":{}})");
  CHECK(hashed(R"({"model":"a","model":null,"input":{"text_completion_input":"x"},"input":null})",
               form(BifrostForm::core)) == R"({"model":"a","input":{"text_completion_input":"x"}})");
  CHECK(message(R"("role":"user","role":null,"content":"x","thought":"t","thought":null)") ==
        R"({"role":"user","content":"x"})");
  CHECK(message(R"("tool_calls":[{"function":{"name":"f","name":null,"arguments":"a","arguments":null}}])") ==
        R"({"role":"","content":null,"tool_calls":[{"function":{"name":null,"arguments":"a"}}]})");
}

TEST_CASE("repeated records merge, at every depth") {
  CHECK(hashed(R"({"input":{"text_completion_input":"a"},"input":{"embedding_input":{"texts":["b"]}},)"
               R"("params":{"top_k":1,"user":"a"},"params":{"top_p":0.5,"user":"b"}})") ==
        R"({"input":{"text_completion_input":"a","embedding_input":{"texts":["b"]}},)"
        R"("params":{"top_p":0.5,"top_k":1,"user":"b"}})");
  CHECK(params(R"("tools":[{"function":{"name":"f","name":"g"},"function":{"description":"d"}}])") ==
        R"({"tools":[{"type":"","function":{"name":"g","description":"d","parameters":{"type":""}}}]})");
  CHECK(hashed(R"({"input":{"speech_input":{"input":"a"},"speech_input":{"voice":"v"}}})") ==
        R"({"input":{"speech_input":{"input":"a","voice":"v"}}})");
}

TEST_CASE("a record that was cleared starts anew") {
  CHECK(hashed(R"({"input":{},"params":{"top_k":1},"params":null,"params":{"top_p":1}})") ==
        R"({"input":{},"params":{"top_p":1}})");
}

TEST_CASE("repeated lists reuse the elements of the earlier one") {
  CHECK(hashed(R"({"input":{"chat_completion_input":[{"role":"user","content":"a"},{"role":"x"}],)"
               R"("chat_completion_input":[{"content":"b"}]}})") ==
        R"({"input":{"chat_completion_input":[{"role":"user","content":"b"}]}})");
  CHECK(hashed(R"({"model":"p/m","messages":[{"role":"user","content":"a"}],"messages":[{"thought":"t"},{}]})") ==
        R"({"provider":"p","model":"m","input":{"chat_completion_input":)"
        R"([{"role":"user","content":"a","thought":"t"},{"role":"","content":null}]},"params":{}})");
  CHECK(params(R"("stop_sequences":["a","b"],"stop_sequences":[null,"c",null])") ==
        R"({"stop_sequences":["a","c",""]})");
}

TEST_CASE("elements that a shorter list left over are reused by a longer one, unless a list was empty") {
  CHECK(params(R"("stop_sequences":["a","b","c"],"stop_sequences":["d"],"stop_sequences":[null,null,null])") ==
        R"({"stop_sequences":["d","b","c"]})");
  CHECK(params(R"("stop_sequences":["a","b"],"stop_sequences":[],"stop_sequences":[null,null])") ==
        R"({"stop_sequences":["",""]})");
  CHECK(params(R"("stop_sequences":["a"],"stop_sequences":null,"stop_sequences":[null])") ==
        R"({"stop_sequences":[""]})");
}

TEST_CASE("repeated maps merge, and their values are replaced") {
  const auto tool = [](const std::string& properties) {
    return R"("tools":[{"function":{"parameters":{)" + properties + "}}}]";
  };
  const auto expected = [](const std::string& properties) {
    return R"({"tools":[{"type":"","function":{"name":"","description":"","parameters":{"type":"")" + properties +
           "}}}]}";
  };
  CHECK(params(tool(R"("properties":{"b":{"x":1},"a":1,"A":2},"properties":{"b":{"y":2},"c":3})")) ==
        expected(R"(,"properties":{"A":2,"a":1,"b":{"y":2},"c":3})"));
  CHECK(params(tool(R"("properties":{"x":1,"X":2,"x":3})")) == expected(R"(,"properties":{"X":2,"x":3})"));
  CHECK(params(tool(R"("properties":{"a":1},"properties":{})")) == expected(R"(,"properties":{"a":1})"));
  CHECK(params(tool(R"("properties":{"a":1},"properties":null)")) == expected(""));
}

TEST_CASE("content, tool_choice and voice are read separately each time") {
  CHECK(message(R"("content":"a","content":"b")") == R"({"role":"","content":"b"})");
  CHECK(message(R"("content":[{"type":"text","text":"a"}],"content":[{"type":"image_url"}])") ==
        R"({"role":"","content":[{"type":"image_url"}]})");
  CHECK(params(R"("tool_choice":{"type":"function","function":{"name":"f"}},"tool_choice":{"type":"auto"})") ==
        R"({"tool_choice":{"type":"auto","function":{"name":""}}})");
  CHECK(hashed(R"({"input":{"speech_input":{"voice":[{"voice":"a"}],"voice":[{"voice":"b"}],"voice":[]}}})") ==
        R"({"input":{"speech_input":{"input":"","voice":[{"speaker":"","voice":"a"},{"speaker":"","voice":"b"}]}}})");
}

TEST_CASE("a repeated member that is both a string and something else cannot be hashed") {
  const char* const what = ": the member is repeated, as a string and as something else";
  const std::string at = "/input/chat_completion_input/0/content";
  CHECK(rejection(R"({"input":{"chat_completion_input":[{"content":"a","content":[]}]}})") == at + what);
  CHECK(rejection(R"({"input":{"chat_completion_input":[{"content":[],"content":null}]}})") == at + what);
  CHECK(rejection(R"({"input":{},"params":{"tool_choice":{"type":"auto"},"tool_choice":"auto"}})") ==
        std::string("/params/tool_choice") + what);
  CHECK(rejection(R"({"input":{"speech_input":{"voice":"v","voice":[{"voice":"w"}]}}})") ==
        std::string("/input/speech_input/voice") + what);
}

TEST_CASE("explain shows which of the repeated members are in the key") {
  const auto rows =
      explain(KeyOptions::bifrost(), R"({"input":{},"params":{"top_k":1,"user":"a"},"params":{"top_k":2}})");
  REQUIRE(rows);
  std::vector<std::pair<std::string, bool>> in_key;
  for (const Explanation& row : *rows) in_key.emplace_back(row.value, row.use == Explanation::Use::in_key);
  CHECK(in_key == std::vector<std::pair<std::string, bool>>{{"{}", true}, {"1", false}, {"\"a\"", true}, {"2", true}});
}
