#include <libcache/key.h>

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "unit/key/bifrost/hashed.h"

using namespace libcache;
using namespace libcache::test;

TEST_CASE("a Bifrost key is the XXH64 of the hashed bytes, without leading zeros, and names a stream's chunks") {
  auto deriver = KeyDeriver::create(KeyOptions::bifrost());
  REQUIRE(deriver);
  const auto key =
      deriver->derive(R"({"model":"openai/gpt-4o","stream":true,"messages":[{"role":"user","content":"hi24"}]})");
  REQUIRE(key);
  CHECK(key->canonical == R"({"provider":"openai","model":"gpt-4o","input":{"chat_completion_input":)"
                          R"([{"role":"user","content":"hi24"}]},"params":{}})");
  CHECK(key->base == "default_25910f2eae63b58");
  CHECK(key->response_name == key->base);
  CHECK(key->stream_name == key->base + "_chunk_");
  CHECK(key->stream);
  CHECK(key->model == "gpt-4o");
}

TEST_CASE("the form of a request is detected from its members") {
  CHECK(hashed(R"({"input":{}})") == R"({"input":{}})");
  CHECK(hashed(R"({"model":"p/m","messages":[{}],"text":"x"})") ==
        R"({"provider":"p","model":"m","input":{"chat_completion_input":[{"role":"","content":null}]},"params":{}})");
  CHECK(hashed(R"({"model":"p/m","text":"x","input":"y"})") ==
        R"({"provider":"p","model":"m","input":{"text_completion_input":"x"},"params":{}})");
  CHECK(
      hashed(R"({"model":"p/m","input":"y","voice":"v","instructions":"","response_format":"mp3"})") ==
      R"({"provider":"p","model":"m","input":{"speech_input":{"input":"y","voice":"v","response_format":"mp3"}},"params":{}})");
  CHECK(hashed(R"({"model":"p/m","input":"y"})") ==
        R"({"provider":"p","model":"m","input":{"embedding_input":{"texts":["y"]}},"params":{}})");
  CHECK(rejection(R"({"model":"p/m","input":["y"]})") ==
        "the request has none of the inputs that a Bifrost gateway takes");
}

TEST_CASE("a given form overrides the detection") {
  CHECK(hashed(R"({"model":"p/m","messages":[{}],"text":"x"})", form(BifrostForm::text)) ==
        R"({"provider":"p","model":"m","input":{"text_completion_input":"x"},"params":{}})");
  CHECK(hashed(R"({"provider":"p","model":"m/n"})", form(BifrostForm::core)) ==
        R"({"provider":"p","model":"m/n","input":{}})");
  CHECK(hashed(R"({"model":"p/m","file":"aGk=","language":"en","prompt":""})", form(BifrostForm::transcription)) ==
        R"({"provider":"p","model":"m","input":{"transcription_input":{"file":"aGk=","language":"en"}}})");
}

TEST_CASE("an HTTP body's model is split at its first slash") {
  CHECK(hashed(R"({"model":"p/m/n","text":"x"})").starts_with(R"({"provider":"p","model":"m/n",)"));
  CHECK(hashed(R"({"model":"/m","text":"x"})").starts_with(R"({"model":"m",)"));
  CHECK(hashed(R"({"model":"p/","text":"x"})").starts_with(R"({"provider":"p","input":)"));
  CHECK(rejection(R"({"model":"m","text":"x"})") == "the model is not \"provider/model\"");
  CHECK(rejection(R"({"text":"x"})") == "the model is not \"provider/model\"");
  CHECK(rejection(R"({"model":1,"text":"x"})") == "/model: expected a string");
}

TEST_CASE("an HTTP body without its input is rejected") {
  CHECK(rejection(R"({"model":"p/m","messages":[]})") == "messages is missing or empty");
  CHECK(rejection(R"({"model":"p/m","messages":null})") == "messages is missing or empty");
  CHECK(rejection(R"({"model":"p/m","text":""})") == "text is missing or empty");
  CHECK(rejection(R"({"model":"p/m","input":""})") == "input is missing or empty");
  CHECK(rejection(R"({"model":"p/m","input":"x"})", form(BifrostForm::speech)) == "voice is missing or empty");
  CHECK(rejection(R"({"model":"p/m","input":"x","voice":[]})") == "voice is missing or empty");
}

TEST_CASE("by_provider, by_model and the provider option affect only those members") {
  const std::string_view core = R"({"provider":"p","model":"m","input":{}})";
  const std::string_view chat = R"({"model":"p/m","text":"x"})";
  KeyOptions options = KeyOptions::bifrost();
  options.provider = "q<";
  CHECK(hashed(core, options) == R"({"provider":"q\u003c","model":"m","input":{}})");
  CHECK(hashed(chat, options).starts_with(R"({"provider":"q\u003c","model":"m",)"));
  options.by_model = false;
  CHECK(hashed(core, options) == R"({"provider":"q\u003c","input":{}})");
  options.by_provider = false;
  CHECK(hashed(core, options) == R"({"input":{}})");
  CHECK(hashed(chat, options).starts_with(R"({"input":)"));
}

TEST_CASE("options that a gateway does not have are rejected") {
  KeyOptions options = KeyOptions::bifrost();
  options.sample = 1;
  CHECK_FALSE(KeyDeriver::create(options));
  options.sample = 0;
  options.ignore = {"/seed"};
  CHECK_FALSE(KeyDeriver::create(options));
}

TEST_CASE("a message's role and content are always written, and a null content is an empty string") {
  CHECK(message("") == R"({"role":"","content":null})");
  CHECK(message(R"("content":null,"role":null)") == R"({"role":"","content":""})");
  CHECK(message(R"("content":[])") == R"({"role":"","content":[]})");
  CHECK(message(R"("content":[null,{"text":""},{"image_url":{}}])") ==
        R"({"role":"","content":[{"type":""},{"type":"","text":""},{"type":"","image_url":{"url":""}}]})");
}

TEST_CASE("a message's other members are written if they are present, annotations only if they are not empty") {
  CHECK(message(R"("refusal":"","thought":"","tool_calls":[],"tool_call_id":"","annotations":[],"name":"x")") ==
        R"({"role":"","content":null,"tool_call_id":"","refusal":"","tool_calls":[],"thought":""})");
  CHECK(message(R"("refusal":null,"thought":null,"tool_calls":null,"tool_call_id":null,"annotations":null)") ==
        R"({"role":"","content":null})");
  CHECK(message(R"("tool_calls":[{},{"function":{"name":"f"},"id":"","type":"t"}])") ==
        R"({"role":"","content":null,"tool_calls":[{"function":{"name":null,"arguments":""}},)"
        R"({"type":"t","id":"","function":{"name":"f","arguments":""}}]})");
  CHECK(message(R"("annotations":[{"url_citation":{"sources":{"b":1.0,"a":null},"end_index":-0}}])") ==
        R"({"role":"","content":null,"annotations":[{"type":"","url_citation":)"
        R"({"start_index":0,"end_index":0,"title":"","sources":{"a":null,"b":1}}}]})");
}

TEST_CASE("backspace and form feed are escaped differently in types with their own marshaller") {
  CHECK(message(R"("content":"\b\f\n<","refusal":"\b\f\n<")") ==
        R"({"role":"","content":"\u0008\u000c\n\u003c","refusal":"\b\f\n\u003c"})");
  CHECK(message(R"("content":[{"text":"\b","image_url":{"url":"\f"}}])") ==
        R"({"role":"","content":[{"type":"","text":"\u0008","image_url":{"url":"\u000c"}}]})");
  CHECK(params(R"("tool_choice":{"type":"\b"},"user":"\b")") ==
        R"({"tool_choice":{"type":"\u0008","function":{"name":""}},"user":"\b"})");
}

TEST_CASE("parameters are written in the gateway's order, and unknown ones are left out") {
  CHECK(params(R"("user":"","dimensions":0,"encoding_format":"","parallel_tool_calls":false,"frequency_penalty":-0.0,
                  "presence_penalty":1e21,"stop_sequences":[null,"x"],"max_tokens":-0,"top_k":7,"top_p":1.0,
                  "temperature":9007199254740993,"tools":[],"tool_choice":"","seed":1,"stop":"x")") ==
        R"({"tool_choice":"","tools":[],"temperature":9007199254740992,"top_p":1,"top_k":7,"max_tokens":0,)"
        R"("stop_sequences":["","x"],"presence_penalty":1e+21,"frequency_penalty":-0,"parallel_tool_calls":false,)"
        R"("encoding_format":"","dimensions":0,"user":""})");
  CHECK(params(R"("user":null,"tools":null,"tool_choice":null,"top_k":null,"stop_sequences":null)") == "{}");
  CHECK(hashed(R"({"input":{},"params":null})") == R"({"input":{}})");
}

TEST_CASE("tools keep the free map of properties and lose the members that the gateway does not know") {
  CHECK(
      params(
          R"("tools":[{"type":"function","strict":true,"function":{"name":"f","parameters":{"additionalProperties":false,
      "properties":{"b":{"z":[1.50,null],"a":"\b<"},"a":{}},"required":[],"enum":[],"description":""}}},null])") ==
      R"({"tools":[{"type":"function","function":{"name":"f","description":"","parameters":{"type":"","description":"",)"
      R"("properties":{"a":{},"b":{"a":"\b\u003c","z":[1.5,null]}},"enum":[]}}},)"
      R"({"type":"","function":{"name":"","description":"","parameters":{"type":""}}}]})");
  CHECK(params(R"("tools":[{"function":{"parameters":{"properties":{}}}}])") ==
        R"({"tools":[{"type":"","function":{"name":"","description":"","parameters":{"type":""}}}]})");
}

TEST_CASE("inputs of every kind are written in the gateway's order") {
  CHECK(
      hashed(
          R"({"input":{"transcription_input":{},"speech_input":{},"embedding_input":{},"text_completion_input":""}})") ==
      R"({"input":{"text_completion_input":"","embedding_input":{"texts":null},"speech_input":{"input":"","voice":null},)"
      R"("transcription_input":{"file":null}}})");
  CHECK(hashed(R"({"input":{"speech_input":{"voice":[{"speaker":"\b","voice":"v"}]}}})") ==
        R"({"input":{"speech_input":{"input":"","voice":[{"speaker":"\u0008","voice":"v"}]}}})");
  CHECK(hashed(R"({"input":{"speech_input":{"voice":null}}})") ==
        R"({"input":{"speech_input":{"input":"","voice":""}}})");
  CHECK(hashed(R"({"input":{"speech_input":{"voice":[]}}})") ==
        R"({"input":{"speech_input":{"input":"","voice":null}}})");
  CHECK(hashed(R"({"input":{"transcription_input":{"file":"aGVs\nbG9=","prompt":""}}})") ==
        R"({"input":{"transcription_input":{"file":"aGVsbG8=","prompt":""}}})");
}

TEST_CASE("values that Go does not decode are rejected, and the message names the member") {
  CHECK(params_rejection(R"("top_k":1.0)") == "/params/top_k: expected an integer");
  CHECK(params_rejection(R"("max_tokens":1e2)") == "/params/max_tokens: expected an integer");
  CHECK(params_rejection(R"("max_tokens":9223372036854775808)") == "/params/max_tokens: beyond 64 bits");
  CHECK(params_rejection(R"("temperature":"1")") == "/params/temperature: expected a number");
  CHECK(params_rejection(R"("parallel_tool_calls":1)") == "/params/parallel_tool_calls: expected true or false");
  CHECK(params_rejection(R"("stop_sequences":"x")") == "/params/stop_sequences: expected an array");
  CHECK(params_rejection(R"("stop_sequences":["a",1])") == "/params/stop_sequences/1: expected a string");
  CHECK(params_rejection(R"("tool_choice":1)") == "/params/tool_choice: expected a string or an object");
  CHECK(params_rejection(R"("tool_choice":{"function":{"name":"f"}})") == "type is missing or empty");
  CHECK(params_rejection(R"("tools":[{"function":{"parameters":{"properties":[]}}}])") ==
        "/params/tools/0/function/parameters/properties: expected an object");
  CHECK(rejection(R"({"input":{"chat_completion_input":[{"content":{}}]}})") ==
        "/input/chat_completion_input/0/content: expected a string or an array");
  CHECK(rejection(R"({"input":{"chat_completion_input":[{"annotations":""}]}})") ==
        "/input/chat_completion_input/0/annotations: expected an array");
  CHECK(rejection(R"({"input":{"transcription_input":{"file":"a"}}})") ==
        "/input/transcription_input/file: expected base64");
  CHECK(rejection(R"({"input":{"speech_input":{"voice":[{"voice":""}]}}})") == "voice is missing or empty");
  CHECK(rejection(R"({"provider":{},"input":{}})") == "/provider: expected a string");
  CHECK(rejection(R"({"input":{},"params":[]})") == "/params: expected an object");
}

TEST_CASE("text that is not JSON to Go is rejected") {
  CHECK(rejection("") == "empty input");
  CHECK(rejection("[]") == "the request is not a JSON object");
  CHECK(rejection(R"({"input":{})") == "unexpected end of input at byte 11");
  CHECK(rejection("\xEF\xBB\xBF{\"input\":{}}") == "expected a value at byte 0");
}

TEST_CASE("member names match in letters of any case") {
  CHECK(hashed(R"({"Provider":"p","INPUT":{},"Params":{"TOP_K":2}})") ==
        R"({"provider":"p","input":{},"params":{"top_k":2}})");
}

TEST_CASE("a lone surrogate is read as U+FFFD") {
  CHECK(message(R"("role":"\ud800x","content":"\udc00")") == "{\"role\":\"\ufffdx\",\"content\":\"\ufffd\"}");
}

TEST_CASE("diff compares the bytes that Bifrost hashes") {
  const auto differences =
      diff(KeyOptions::bifrost(), R"({"model":"p/m","messages":[{"content":"a"}],"seed":1,"top_k":1})",
           R"({"model":"q/m","messages":[{"content":"b"}],"seed":2})");
  REQUIRE(differences);
  std::vector<std::string> pointers;
  for (const Difference& difference : *differences) pointers.push_back(difference.pointer);
  CHECK(pointers == std::vector<std::string>{"/input/chat_completion_input/0/content", "/params/top_k", "/provider"});
}
