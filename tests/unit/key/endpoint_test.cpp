#include <libcache/key.h>

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace libcache;

namespace {

std::string normal(std::string_view endpoint) {
  const auto form = normal_endpoint(endpoint);
  INFO(endpoint);
  REQUIRE(form);
  CHECK(normal_endpoint(*form) == *form);
  return *form;
}

std::string endpoint_error(std::string_view endpoint) {
  const auto form = normal_endpoint(endpoint);
  INFO(endpoint);
  REQUIRE_FALSE(form);
  CHECK(form.error().code == ErrorCode::invalid);
  return form.error().message;
}

}  // namespace

TEST_CASE("an endpoint that is not an http or https URL is used unchanged") {
  for (const char* text : {"prod-eu", "/v1/messages?key=1#x", "caf\u00e9 9", "http", "https:/h",
                           "ftp://U:P@H:21/?token=1", "//API.example/?key=1", " https://h", "httpss://H"}) {
    CHECK(normal(text) == text);
  }
}

TEST_CASE("the scheme and the host of a URL become lower-case, and nothing else does") {
  CHECK(normal("HTTPS://API.Example.COM/V1/Chat?Api-Version=A") == "https://api.example.com/V1/Chat?Api-Version=A");
  CHECK(normal("hTTp://[FE80::1]/X") == "http://[fe80::1]/X");
  CHECK(normal("https://B\u00dcCHER.example/") == "https://b\u00dccher.example/");
}

TEST_CASE("the default port of a URL is dropped") {
  CHECK(normal("https://h:443/x") == "https://h/x");
  CHECK(normal("http://h:80") == "http://h/");
  CHECK(normal("http://[::1]:80/x") == "http://[::1]/x");
  CHECK(normal("https://h:/x") == "https://h/x");
  CHECK(normal("https://h:80/x") == "https://h:80/x");
  CHECK(normal("http://[::1]:11434/x") == "http://[::1]:11434/x");
}

TEST_CASE("user, password and fragment of a URL are dropped") {
  CHECK(normal("https://user:p@ss@h/x") == "https://h/x");
  CHECK(normal("https://user@H:443?q=1") == "https://h/?q=1");
  CHECK(normal("https://h/a@b?c@d#e?f=1") == "https://h/a@b?c@d");
  CHECK(normal("https://h#/x?y=1") == "https://h/");
}

TEST_CASE("an empty path becomes a slash, and any other path is unchanged") {
  CHECK(normal("https://h") == "https://h/");
  CHECK(normal("https://h?q=1") == "https://h/?q=1");
  CHECK(normal("https://h//a/../b%2fc d/") == "https://h//a/../b%2fc d/");
}

TEST_CASE("query parameters that are empty or carry credentials are dropped, and the others keep their order") {
  CHECK(normal("https://h/p?") == "https://h/p");
  CHECK(normal("https://h/p?&&") == "https://h/p");
  CHECK(normal("https://h/p?b=2&&a=1&b=2&") == "https://h/p?b=2&a=1&b=2");
  CHECK(normal("https://h/p?alt=sse&key=SECRET") == "https://h/p?alt=sse");
  CHECK(normal("https://h/p?x=y=z&key&keys=1&monkey=2") == "https://h/p?x=y=z&keys=1&monkey=2");
  CHECK(normal("https://h/p?%6Beys=1&%zz=2&%=3") == "https://h/p?%6Beys=1&%zz=2&%=3");
  for (const char* name :
       {"key",       "api_key", "api-key",          "apikey",        "access_token", "token",           "auth",   "sig",
        "signature", "code",    "subscription-key", "client_secret", "password",     "X-Amz-Signature", "x-amz-", "KEY",
        "Api-Key",   "k%65y",   "api%5Fkey",        "%4BEY"}) {
    CHECK(normal(std::string("https://h/?") + name + "=SECRET") == "https://h/");
  }
}

TEST_CASE("an endpoint that is too long, has control characters or is a URL without a host is rejected") {
  CHECK(normal(std::string(2048, 'x')) == std::string(2048, 'x'));
  CHECK(endpoint_error(std::string(2049, 'x')) == "the endpoint is longer than 2048 bytes");
  for (const std::string& text : {std::string("a\nb"), std::string("https://h/\x7f"), std::string("\0", 1)}) {
    CHECK(endpoint_error(text) == "the endpoint contains a control character");
  }
  CHECK(endpoint_error("https://h/\xff") == "the endpoint is not UTF-8");
  CHECK(endpoint_error("\xc3") == "the endpoint is not UTF-8");
  for (const char* url : {"https://", "http:///x", "https://user@/x", "https://:443/", "https://?q", "HTTP://#f"}) {
    CHECK(endpoint_error(url) == "the endpoint's URL has no host");
  }
}

TEST_CASE("endpoints with the same normal form give the same key, and other endpoints give other keys") {
  const auto base = [](std::string endpoint) {
    KeyOptions options;
    options.endpoint = std::move(endpoint);
    return KeyDeriver::create(options).value().derive(R"({"a":1})").value().base;
  };
  const std::string hash = "llmcache:default_3c8c141663acf5a1b6b7137162fa70fb";
  CHECK(base("") == hash);
  CHECK(base("https://h/?key=A") == base("HTTPS://H:443?key=B"));
  CHECK(base("https://h/").starts_with(hash + "_at_"));
  CHECK(base("https://h/").size() == hash.size() + 20);
  CHECK(base("https://h/") != base("http://h/"));
}

TEST_CASE("an invalid endpoint is rejected with the other options, and so is any endpoint under Bifrost") {
  KeyOptions options;
  options.endpoint = "https://";
  CHECK_FALSE(KeyDeriver::create(options));
  options = KeyOptions::bifrost();
  options.endpoint = "https://h/";
  const auto deriver = KeyDeriver::create(options);
  REQUIRE_FALSE(deriver);
  CHECK(deriver.error().message == "Bifrost keys have no endpoint");
}
