#include <libcache/key.h>

#include <catch2/catch_test_macros.hpp>

using libcache::last_user_text;

TEST_CASE("the last text of the user is found in the requests of each provider") {
  CHECK(last_user_text(R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},
                             {"role":"user","content":"c"},{"role":"tool","content":"d"}]})") == "c");
  CHECK(last_user_text(R"({"messages":[{"role":"user","content":[{"type":"image_url"},{"type":"text","text":"a"},
                             {"type":"text","text":"b"}]}]})") == "a b");
  CHECK(last_user_text(
            R"({"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]}]})") == "a");
  CHECK(last_user_text(R"({"contents":[{"parts":[{"text":"a"}]}]})") == "a");
  CHECK(last_user_text(R"({"input":[{"role":"user","content":[{"type":"input_text","text":"a"}]}]})") == "a");
  CHECK(last_user_text(R"({"input":"a"})") == "a");
  CHECK(last_user_text(R"({"input":["a","b"]})") == "a b");
  CHECK(last_user_text(R"({"prompt":"a"})") == "a");
}

TEST_CASE("a request without a text of the user has none, whatever its shape") {
  CHECK(last_user_text(R"({"model":"m"})") == "");
  CHECK(last_user_text(R"({"messages":"x","input":7,"prompt":{"a":"b"}})") == "");
  CHECK(last_user_text(R"({"messages":[1,null,{"role":"user"}]})") == "");
  CHECK(last_user_text(R"({"messages":[{"role":"system","content":"s"}]})") == "s");
}
