#include <libcache/key.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

using namespace libcache;

namespace {

RequestKey derived(std::string_view request, const KeyOptions& options = {}) {
  auto deriver = KeyDeriver::create(options);
  REQUIRE(deriver);
  auto key = deriver->derive(request);
  INFO((key ? "" : key.error().message));
  REQUIRE(key);
  return *key;
}

std::string canonical(std::string_view request, const KeyOptions& options = {}) {
  return derived(request, options).canonical;
}

std::string ignoring(std::string pointer, std::string_view request) {
  KeyOptions options;
  options.ignore = {std::move(pointer)};
  return canonical(request, options);
}

std::string rejection(const KeyOptions& options) {
  const auto deriver = KeyDeriver::create(options);
  REQUIRE_FALSE(deriver);
  CHECK(deriver.error().code == ErrorCode::invalid);
  return deriver.error().message;
}

KeyOptions with_ignore(std::string pointer) {
  KeyOptions options;
  options.ignore.push_back(std::move(pointer));
  return options;
}

}  // namespace

TEST_CASE("a key names its entries") {
  const RequestKey key = derived(R"({"a":1})");
  CHECK(key.base == "llmcache:default_3c8c141663acf5a1b6b7137162fa70fb");
  CHECK(key.response_name == key.base);
  CHECK(key.stream_name == key.base + "_stream");
}

TEST_CASE("a sample's entries stand beside the plain ones, under the same base key") {
  KeyOptions options;
  options.sample = 12;
  const RequestKey key = derived(R"({"a":1})", options);
  CHECK(key.base == "llmcache:default_3c8c141663acf5a1b6b7137162fa70fb");
  CHECK(key.response_name == key.base + "_sample_12");
  CHECK(key.stream_name == key.base + "_sample_12_stream");
}

TEST_CASE("prefix and session are taken literally") {
  KeyOptions options;
  options.prefix = "a*[x]\\:";
  options.session = "s é?";
  CHECK(derived("{}", options).base == "a*[x]\\:s é?_dc7048f8f8747f561349cde127705c16");
  options.prefix = "";
  CHECK(derived("{}", options).base == "s é?_dc7048f8f8747f561349cde127705c16");
}

TEST_CASE("only a top-level stream member that is true asks for a stream") {
  CHECK(derived(R"({"stream":true})").stream);
  CHECK(derived(R"({"\u0073tream":true})").stream);
  CHECK_FALSE(derived(R"({"stream":false})").stream);
  CHECK_FALSE(derived(R"({"stream":"true"})").stream);
  CHECK_FALSE(derived(R"({"stream":1})").stream);
  CHECK_FALSE(derived(R"({"stream":{"stream":true}})").stream);
  CHECK_FALSE(derived(R"({"x":{"stream":true},"y":[true]})").stream);
}

TEST_CASE("stream and fallbacks are no part of the key, at the top level alone") {
  CHECK(canonical(R"({"stream":[1,{}],"fallbacks":{"a":1},"b":{"stream":true,"fallbacks":[]}})") ==
        R"({"b":{"fallbacks":[],"stream":true}})");
}

TEST_CASE("the model is told where it is a string, whether or not it counts") {
  KeyOptions options;
  options.by_model = false;
  CHECK(derived(R"({"model":"gpt-\u0034"})", options).model == "gpt-4");
  CHECK(derived(R"({"model":"gpt-4"})").model == "gpt-4");
  CHECK(derived(R"({"model":4})").model.empty());
  CHECK(derived(R"({"x":{"model":"m"}})").model.empty());
}

TEST_CASE("by_model and by_provider take those members out, at the top level alone") {
  const std::string_view request = R"({"model":"m","provider":"p","x":{"model":"m","provider":"p"}})";
  KeyOptions options;
  options.by_model = false;
  CHECK(canonical(request, options) == R"({"provider":"p","x":{"model":"m","provider":"p"}})");
  options.by_provider = false;
  CHECK(canonical(request, options) == R"({"x":{"model":"m","provider":"p"}})");
}

TEST_CASE("the provider option stands over the body's provider, and by_provider over both") {
  KeyOptions options;
  options.provider = "a\"zure";
  CHECK(canonical("{}", options) == R"({"provider":"a\"zure"})");
  CHECK(canonical(R"({"z":1,"provider":{"x":1},"a":2})", options) == R"({"a":2,"provider":"a\"zure","z":1})");
  options.ignore = {"/provider"};
  CHECK(canonical(R"({"provider":"x"})", options) == R"({"provider":"a\"zure"})");
  options.by_provider = false;
  CHECK(canonical(R"({"provider":"x"})", options) == "{}");
  options.provider = "";
  options.by_provider = true;
  CHECK(canonical("{}", options) == R"({"provider":""})");
}

TEST_CASE("ignore pointers remove object members at any depth") {
  CHECK(ignoring("/a", R"({"a":{"b":1},"c":2})") == R"({"c":2})");
  CHECK(ignoring("/a/b", R"({"a":{"b":1,"c":3}})") == R"({"a":{"c":3}})");
  CHECK(ignoring("/a/1/b", R"({"a":[{"b":1},{"b":2}]})") == R"({"a":[{"b":1},{}]})");
  CHECK(ignoring("/a~1b", R"({"a/b":1,"a":{"b":2}})") == R"({"a":{"b":2}})");
  CHECK(ignoring("/a~0b~01", R"({"a~b~1":1,"a~b/":2})") == R"({"a~b/":2})");
  CHECK(ignoring("/", R"({"":1,"a":{"":2}})") == R"({"a":{"":2}})");
  CHECK(ignoring("/a/", R"({"":1,"a":{"":2}})") == R"({"":1,"a":{}})");
  CHECK(ignoring("//", R"({"":{"":2,"x":1}})") == R"({"":{"x":1}})");
  CHECK(ignoring("/é", R"({"\u00e9":1})") == "{}");
  CHECK(ignoring("/0", R"({"0":1,"1":2})") == R"({"1":2})");
}

TEST_CASE("an ignore pointer that names no object member changes nothing") {
  const std::string_view request = R"({"a":[{"b":1}],"c":"x"})";
  for (const char* pointer : {"", "/a/0", "/a/-", "/a/1", "/a/00/b", "/a/+0/b", "/a/b", "/a/0/b/c", "/A", "/c/0", "/a/",
                              "/a/99999999999999999999/b", "/a/0x0/b", "/nope/x"}) {
    INFO(pointer);
    CHECK(ignoring(pointer, request) == request);
  }
}

TEST_CASE("several ignore pointers may overlap") {
  KeyOptions options;
  options.ignore = {"/a/b", "/a", "/a/b/c", "/stream", "/a"};
  CHECK(canonical(R"({"a":{"b":{"c":1}},"d":1,"stream":true})", options) == R"({"d":1})");
}

TEST_CASE("what is ignored is still checked") {
  auto deriver = KeyDeriver::create(with_ignore("/a"));
  REQUIRE(deriver);
  CHECK_FALSE(deriver->derive(R"({"a":{"b":1,"b":2}})"));
  CHECK_FALSE(deriver->derive(R"({"a":"\ud800"})"));
  CHECK_FALSE(deriver->derive(R"({"a":1e400})"));
  CHECK_FALSE(deriver->derive(R"({"a":1,"a":1})"));
  CHECK_FALSE(deriver->derive(R"({"stream":tru})"));
}

TEST_CASE("a request that is no object is rejected") {
  auto deriver = KeyDeriver::create({});
  REQUIRE(deriver);
  const auto text = GENERATE(as<std::string>{}, "[]", "\"x\"", "1", "null", "true");
  const auto key = deriver->derive(text);
  REQUIRE_FALSE(key);
  CHECK(key.error().code == ErrorCode::invalid);
  CHECK(key.error().message == "the request is not a JSON object");
}

TEST_CASE("a deriver that has rejected a request derives the next one") {
  auto deriver = KeyDeriver::create({});
  REQUIRE(deriver);
  REQUIRE_FALSE(deriver->derive(R"({"a":1,"a":2,"stream":true})"));
  const auto key = deriver->derive(R"({"a":1})");
  REQUIRE(key);
  CHECK(key->canonical == R"({"a":1})");
}

TEST_CASE("options that cannot make a name are rejected") {
  KeyOptions options;
  options.session = "";
  CHECK(rejection(options) == "the session is empty");
  options.session = std::string(257, 's');
  CHECK(rejection(options) == "the session is longer than 256 bytes");
  options.session = "a\nb";
  CHECK(rejection(options) == "the session holds a control character");
  options.session = std::string(256, 's');
  options.prefix = "a\x7f";
  CHECK(rejection(options) == "the prefix holds a control character");
  options.prefix = std::string(257, 'p');
  CHECK(rejection(options) == "the prefix is longer than 256 bytes");
  options.prefix = std::string(256, 'p');
  CHECK(KeyDeriver::create(options));
}

TEST_CASE("malformed pointers and a provider that is not UTF-8 are rejected") {
  CHECK(rejection(with_ignore("a")) == "malformed JSON pointer \"a\": it does not begin with a slash");
  CHECK(rejection(with_ignore("/a~")) == "malformed JSON pointer \"/a~\": a tilde is written ~0");
  CHECK(rejection(with_ignore("/a~2/b")) == "malformed JSON pointer \"/a~2/b\": a tilde is written ~0");
  CHECK(rejection(with_ignore("/\xFF")) == "a JSON pointer is not UTF-8");
  KeyOptions options;
  options.provider = "\xC3";
  CHECK(rejection(options) == "the provider is not UTF-8");
}

TEST_CASE("base_of finds the base key of any entry's name") {
  CHECK(base_of("p:s_0f") == "p:s_0f");
  CHECK(base_of("p:s_0f_stream") == "p:s_0f");
  CHECK(base_of("p:s_0f_sample_12") == "p:s_0f");
  CHECK(base_of("p:s_0f_sample_1_stream") == "p:s_0f");
  CHECK(base_of("p:s_0f_chunk_0") == "p:s_0f");
  CHECK(base_of("p:s_0f_sample_") == "p:s_0f_sample_");
  CHECK(base_of("p:s_0f_sample_x1") == "p:s_0f_sample_x1");
  CHECK(base_of("p:s_0f_12") == "p:s_0f_12");
  CHECK(base_of("12") == "12");
  CHECK(base_of("_stream") == "_stream");
  CHECK(base_of("_chunk_1") == "_chunk_1");
  CHECK(base_of("") == "");
}
