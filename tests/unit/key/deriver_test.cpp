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

TEST_CASE("the entries of a sample have the same base key") {
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

TEST_CASE("only a top-level stream member that is true is left out of the key") {
  CHECK(canonical(R"({"stream":true,"b":{"stream":true}})") == R"({"b":{"stream":true}})");
  for (const char* value : {"false", "1", "\"true\"", "null", "[]", "[true]"}) {
    const std::string request = std::string(R"({"stream":)") + value + "}";
    CHECK(canonical(request) == request);
  }
}

TEST_CASE("members with the meaning of a default value count: no member is left out by its name") {
  const std::string_view request = R"({"fallbacks":[],"n":1,"store":false,"stream_options":null,"user":""})";
  CHECK(canonical(request) == request);
}

TEST_CASE("the model is reported if it is a string, whether or not it counts") {
  KeyOptions options;
  options.by_model = false;
  CHECK(derived(R"({"model":"gpt-\u0034"})", options).model == "gpt-4");
  CHECK(derived(R"({"model":"gpt-4"})").model == "gpt-4");
  CHECK(derived(R"({"model":4})").model.empty());
  CHECK(derived(R"({"x":{"model":"m"}})").model.empty());
}

TEST_CASE("by_model and by_provider remove those members, at the top level only") {
  const std::string_view request = R"({"model":"m","provider":"p","x":{"model":"m","provider":"p"}})";
  KeyOptions options;
  options.by_model = false;
  CHECK(canonical(request, options) == R"({"provider":"p","x":{"model":"m","provider":"p"}})");
  options.by_provider = false;
  CHECK(canonical(request, options) == R"({"x":{"model":"m","provider":"p"}})");
}

TEST_CASE("the provider option overrides the request's provider, and by_provider overrides both") {
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

TEST_CASE("a * in an ignore pointer selects every element of an array") {
  CHECK(ignoring("/m/*/t", R"({"m":[{"t":1},{"c":2,"t":3},4,{"c":{"t":5}}]})") ==
        R"({"m":[{},{"c":2},4,{"c":{"t":5}}]})");
  CHECK(ignoring("/*/*/t", R"({"*":[[{"t":1}],{"t":2}]})") == R"({"*":[[{"t":1}],{}]})");
  CHECK(ignoring("/m/*/*/t", R"({"m":[[{"t":1},{"u":2}],[{"t":3}],{"*":{"t":4}}]})") ==
        R"({"m":[[{},{"u":2}],[{}],{"*":{}}]})");
}

TEST_CASE("a * in an ignore pointer is an ordinary name in an object, and never removes an element") {
  CHECK(ignoring("/m/*", R"({"m":{"*":1,"a":2}})") == R"({"m":{"a":2}})");
  CHECK(ignoring("/*", R"({"a":1})") == R"({"a":1})");
  CHECK(ignoring("/m/*", R"({"m":[1,{"a":2}]})") == R"({"m":[1,{"a":2}]})");
}

TEST_CASE("an ignore pointer that matches no object member changes nothing and is reported") {
  const std::string_view request = R"({"a":[{"b":1}],"c":"x"})";
  for (const char* pointer : {"", "/a/0", "/a/-", "/a/1", "/a/00/b", "/a/+0/b", "/a/b", "/a/0/b/c", "/A", "/c/0", "/a/",
                              "/a/99999999999999999999/b", "/a/0x0/b", "/nope/x"}) {
    INFO(pointer);
    const RequestKey key = derived(request, with_ignore(pointer));
    CHECK(key.canonical == request);
    CHECK(key.unmatched == std::vector<std::string>{pointer});
    CHECK(key.left_out.empty());
  }
}

TEST_CASE("several ignore pointers may overlap") {
  KeyOptions options;
  options.ignore = {"/a/b", "/a", "/a/b/c", "/stream", "/a"};
  const RequestKey key = derived(R"({"a":{"b":{"c":1}},"d":1,"stream":true})", options);
  CHECK(key.canonical == R"({"d":1})");
  CHECK(key.unmatched.empty());
}

TEST_CASE("the names of the removed members are sorted and unique, and contain only those that matched") {
  KeyOptions options;
  options.ignore = {"/b", "/a/b", "/a", "/a/b", "/a/b/c", "/stream", "/nope", "/m/*/t"};
  options.by_model = false;
  options.by_provider = false;
  CHECK(derived(R"({"a":{"b":{"c":1}},"stream":true,"m":[{"t":1},{"t":2}],"model":"x"})", options).left_out ==
        "/a,/a/b,/m/*/t,model");
  CHECK(derived(R"({"b":1,"stream":false,"provider":"p"})", options).left_out == "/b,/stream,provider");
  CHECK(derived(R"({"c":1,"stream":true})", options).left_out.empty());
  options.ignore = {"/model"};
  CHECK(derived(R"({"model":"x"})", options).left_out == "/model");
  options.provider = "azure";
  CHECK(derived(R"({"model":"x"})", options).left_out == "/model,provider");
  options.by_provider = true;
  CHECK(derived(R"({"model":"x","provider":"p"})", options).left_out == "/model");
}

TEST_CASE("a request of which a part was ignored does not prove a request that never had that part") {
  const RequestKey whole = derived(R"({"a":1})");
  const RequestKey reduced = derived(R"({"a":1,"user":"u"})", with_ignore("/user"));
  CHECK(whole.base == reduced.base);
  CHECK(whole.proof() != reduced.proof());
  CHECK(derived(R"({"a":1})", with_ignore("/user")).proof() == whole.proof());
}

TEST_CASE("two pairs of prefix and session that give the same name have different proofs") {
  KeyOptions one;
  one.prefix = "a:";
  one.session = "b";
  KeyOptions other;
  other.prefix = "a";
  other.session = ":b";
  CHECK(derived("{}", one).base == derived("{}", other).base);
  CHECK(derived("{}", one).proof() != derived("{}", other).proof());
}

TEST_CASE("an ignored member must still be valid") {
  auto deriver = KeyDeriver::create(with_ignore("/a"));
  REQUIRE(deriver);
  CHECK_FALSE(deriver->derive(R"({"a":{"b":1,"b":2}})"));
  CHECK_FALSE(deriver->derive(R"({"a":"\ud800"})"));
  CHECK_FALSE(deriver->derive(R"({"a":1e400})"));
  CHECK_FALSE(deriver->derive(R"({"a":1,"a":1})"));
  CHECK_FALSE(deriver->derive(R"({"stream":tru})"));
}

TEST_CASE("a request that is not an object is rejected") {
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

TEST_CASE("a prefix or session that may not be part of a name is rejected") {
  KeyOptions options;
  options.session = "";
  CHECK(rejection(options) == "the session is empty");
  options.session = std::string(257, 's');
  CHECK(rejection(options) == "the session is longer than 256 bytes");
  options.session = "a\nb";
  CHECK(rejection(options) == "the session contains a control character");
  options.session = std::string(256, 's');
  options.prefix = "a\x7f";
  CHECK(rejection(options) == "the prefix contains a control character");
  options.prefix = std::string(257, 'p');
  CHECK(rejection(options) == "the prefix is longer than 256 bytes");
  options.prefix = std::string(256, 'p');
  CHECK(KeyDeriver::create(options));
  options.session = std::string(257, 's');
  options.scheme = KeyScheme::bifrost;
  CHECK(KeyDeriver::create(options));
  options.session = std::string((64 << 10) + 1, 's');
  CHECK(rejection(options) == "the session is longer than 65536 bytes");
}

TEST_CASE("malformed pointers and a provider that is not UTF-8 are rejected") {
  CHECK(rejection(with_ignore("a")) == "malformed JSON pointer \"a\": it does not begin with a slash");
  CHECK(rejection(with_ignore("/a~")) == "malformed JSON pointer \"/a~\": a tilde must be written as ~0");
  CHECK(rejection(with_ignore("/a~2/b")) == "malformed JSON pointer \"/a~2/b\": a tilde must be written as ~0");
  CHECK(rejection(with_ignore("/\xFF")) == "a JSON pointer is not UTF-8");
  KeyOptions options;
  options.provider = "\xC3";
  CHECK(rejection(options) == "the provider is not UTF-8");
}
