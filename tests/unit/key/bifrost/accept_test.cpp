// Which requests a Bifrost gateway rejects although the member at fault is not in the key, and which odd ones it
// accepts.
#include <libcache/key.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "unit/key/bifrost/hashed.h"

using namespace libcache;
using namespace libcache::test;

namespace {

constexpr const char* kChat =
    R"({"provider":"p","model":"m","input":{"chat_completion_input":[{"role":"user","content":"x"}]},"params":{}})";

std::string nested(std::size_t depth, const std::string& inner) {
  return std::string(depth, '[') + inner + std::string(depth, ']');
}

}  // namespace

TEST_CASE("a known member of an HTTP body has the right type, even if it is not in the key") {
  for (const char* member : {R"("response_format":{"type":"json_object"})",
                             R"("response_format":1)",
                             R"("stream":"true")",
                             R"("stream":1)",
                             R"("stream_format":true)",
                             R"("stream_format":{})",
                             R"("fallbacks":"openai/gpt-4o")",
                             R"("fallbacks":{})",
                             R"("fallbacks":[1])",
                             R"("fallbacks":[{"provider":"p","model":"m"}])",
                             R"("text":1)",
                             R"("text":["x"])",
                             R"("input":{"x":1})",
                             R"("input":5)",
                             R"("voice":1)",
                             R"("voice":{"voice":"v"})",
                             R"("voice":[{"voice":1}])",
                             R"("voice":[{"speaker":"s"}])",
                             R"("instructions":[])",
                             R"("instructions":false)"}) {
    rejection(chat(member), form(BifrostForm::chat));
  }
}

TEST_CASE("the members of the other endpoints are checked too") {
  for (const char* member : {R"("messages":"x")", R"("messages":[{"role":1}])", R"("messages":[{"content":{}}])",
                             R"("messages":[{"tool_calls":{}}])", R"("messages":[1])"}) {
    const std::string request = R"({"model":"p/m","text":"x",)" + std::string(member) + "}";
    rejection(request, form(BifrostForm::text));
  }
  CHECK(hashed(chat(R"("text":"t","input":"i","voice":"v","instructions":"n","response_format":"f","stream":true,)"
                    R"("stream_format":"sse","fallbacks":["a/b","c/d/e"])"),
               form(BifrostForm::chat)) == kChat);
  CHECK(hashed(chat(R"("text":null,"input":null,"voice":null,"instructions":null,"response_format":null,)"
                    R"("stream":null,"stream_format":null,"fallbacks":null)")) == kChat);
}

TEST_CASE("each fallback of an HTTP body names a provider and a model") {
  for (const char* fallback : {R"("gpt-4o")", R"("")", R"("openai/")", R"("/gpt-4o")", "null"}) {
    CHECK(rejection(chat(R"("fallbacks":["a/b",)" + std::string(fallback) + "]")) ==
          "/fallbacks/1: expected \"provider/model\"");
  }
}

TEST_CASE("the fallbacks of a core request are objects") {
  CHECK(hashed(R"({"input":{},"fallbacks":[{"provider":"x","model":"y"},{},null]})") == R"({"input":{}})");
  CHECK(hashed(R"({"input":{},"fallbacks":null})") == R"({"input":{}})");
  for (const char* fallbacks : {R"(["a/b"])", R"({})", R"("a/b")", R"([{"provider":1}])", R"([{"model":[]}])"}) {
    rejection(R"({"input":{},"fallbacks":)" + std::string(fallbacks) + "}");
  }
}

TEST_CASE("members that the gateway does not know may hold anything") {
  CHECK(hashed(chat(R"("logit_bias":{"a":[1]},"file":1,"language":[],"seed":"x","Seed":1e999)")) == kChat);
  CHECK(hashed(R"({"input":{},"extra":1e999})") == R"({"input":{}})");
  CHECK(params(R"("seed":[-1e400,{"a":1e999}])") == "{}");
}

TEST_CASE("a number beyond the range of a float64 is rejected where it counts") {
  CHECK(params_rejection(R"("temperature":1e999)") == "/params/temperature: beyond the range of a float64");
  CHECK(params_rejection(R"("tools":[{"function":{"parameters":{"properties":{"a":[-1e999]}}}}])") ==
        "/params/tools/0/function/parameters/properties/a/0: beyond the range of a float64");
  CHECK(rejection(R"({"input":{"chat_completion_input":[{"annotations":[{"url_citation":{"sources":1e999}}]}]}})") ==
        "/input/chat_completion_input/0/annotations/0/url_citation/sources: beyond the range of a float64");
  CHECK(params(R"("temperature":1e-999)") == R"({"temperature":0})");
}

TEST_CASE("the token -0 is zero in an HTTP body and negative zero in a core request") {
  CHECK(hashed(chat(R"("temperature":-0,"top_p":-0.0,"presence_penalty":-0e0,"top_k":-0)"))
            .ends_with(R"("params":{"temperature":0,"top_p":-0,"top_k":0,"presence_penalty":-0}})"));
  CHECK(hashed(chat(R"("tools":[{"function":{"parameters":{"properties":{"a":[-0,-0.0],"b":-0}}}}])"))
            .ends_with(R"("properties":{"a":[0,-0],"b":0}}}}]}})"));
  CHECK(params(R"("temperature":-0,"top_p":-0.0,"top_k":-0)") == R"({"temperature":-0,"top_p":-0,"top_k":0})");
}

TEST_CASE("strings may hold control characters as they are") {
  CHECK(message("\"role\":\"a\nb\tc\x01\",\"content\":\"a\nb\x01\x0c\"") ==
        R"({"role":"a\nb\tc\u0001","content":"a\nb\u0001\u000c"})");
  CHECK(message(std::string("\"role\":\"\b\f", 10) + std::string(1, '\0') + "\"") ==
        R"({"role":"\b\f\u0000","content":null})");
  CHECK(hashed(chat("\"us\ner\":1,\"user\":\"\\\"\r\\\\\"")).ends_with(R"("params":{"user":"\"\r\\"}})"));
}

TEST_CASE("a control character outside a string, and one that is escaped, is rejected") {
  rejection("{\"input\":{},\x01\"model\":\"m\"}");
  rejection("{\"input\":{},\"model\":\"a\\\nb\"}");
  rejection("{\"input\":{},\"model\":\"a\n");
}

TEST_CASE("each byte that is not UTF-8 is read as U+FFFD") {
  CHECK(message("\"role\":\"\xFFx\",\"content\":\"\xE2\x82!\xC0\xAF\"") ==
        "{\"role\":\"\uFFFDx\",\"content\":\"\uFFFD\uFFFD!\uFFFD\uFFFD\"}");
  CHECK(message("\"role\":\"\xED\xA0\x80\",\"thought\":\"\xF4\x90\x80\x80\n\"") ==
        "{\"role\":\"\uFFFD\uFFFD\uFFFD\",\"content\":null,\"thought\":\"\uFFFD\uFFFD\uFFFD\uFFFD\\n\"}");
  rejection("{\"input\":{},\xFF\"model\":\"m\"}");
}

TEST_CASE("values may be nested 10,000 deep") {
  CHECK(hashed(R"({"input":{},"x":)" + nested(9'999, "1") + "}") == R"({"input":{}})");
  CHECK(rejection(R"({"input":{},"x":)" + nested(10'000, "1") + "}") == "nesting deeper than 10000 at byte 10015");
  const std::string deep = nested(600, R"({"b":-0,"a":"<"})");
  CHECK(params(R"("tools":[{"function":{"parameters":{"properties":{"p":)" + deep + "}}}}]")
            .find(nested(600, R"({"a":"\u003c","b":-0})")) != std::string::npos);
  REQUIRE(explain(KeyOptions::bifrost(), R"({"input":{},"x":)" + nested(9'999, "1") + "}"));
}

TEST_CASE("a session may have 64 KiB, and a prefix 256 bytes") {
  KeyOptions options = KeyOptions::bifrost();
  options.session = std::string(64 << 10, 's');
  CHECK(hashed(R"({"input":{}})", options) == R"({"input":{}})");
  options.session += 's';
  CHECK_FALSE(KeyDeriver::create(options));
  options.session = "s";
  options.prefix = std::string(257, 'p');
  CHECK_FALSE(KeyDeriver::create(options));
}

TEST_CASE("a request asks for a stream by stream, or by the stream_format of chat and speech") {
  const auto streams = [](std::string_view request) {
    const auto key = KeyDeriver::create(KeyOptions::bifrost())->derive(request);
    REQUIRE(key);
    return key->stream;
  };
  CHECK(streams(chat(R"("stream":true)")));
  CHECK(streams(chat(R"("stream":false,"Stream":true)")));
  CHECK(streams(chat(R"("stream_format":"sse")")));
  CHECK(streams(R"({"model":"p/m","input":"x","voice":"v","stream_format":"sse"})"));
  CHECK_FALSE(streams(chat(R"("stream":true,"stream":null)")));
  CHECK_FALSE(streams(chat(R"("stream_format":"audio")")));
  CHECK_FALSE(streams(R"({"model":"p/m","input":"x","stream_format":"sse"})"));
}
