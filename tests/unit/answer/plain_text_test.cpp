// Plain texts, some of which are a proxy's error.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "support/streams.h"
#include "unit/answer/judge.h"

using namespace libcache;
using support::judge;

TEST_CASE("a text is complete, since its expected content is unknown") {
  const auto* const text = GENERATE("hello", "<xml>", "<htm", "error", " x", "nul", "42 is the answer", "e", "data");
  INFO(text);
  CHECK((judge(text) == Completeness::complete || std::string(text) == "data"));
}

TEST_CASE("a text that is nothing but a proxy's message is an error") {
  const auto* const text =
      GENERATE("Internal Server Error", "BAD GATEWAY\n", "502 Bad Gateway", "Bad Gateway 502", "Bad Gateway\n502\n",
               "503: Service Unavailable", "Gateway Timeout (504)", "no healthy upstream", "stream timeout",
               "rbac: access denied", "default backend - 404", "404 page not found", "error code: 1015",
               "Error code: 522", "upstream request timeout", "Too Many Requests.\n429",
               "upstream connect error or disconnect/reset before headers");
  INFO(text);
  CHECK(judge(text) == Completeness::error);
}

TEST_CASE("a text that says more than a proxy's message is an answer") {
  const auto* const text = GENERATE("Internal Server Error means that the server failed.",
                                    "The answer is 502 Bad Gateway", "error code: none", "Bad Gateway 5021",
                                    "5020 Bad Gateway", "404 page not found, she said", "Service Unavailable again");
  INFO(text);
  CHECK(judge(text) == Completeness::complete);
  CHECK(judge("upstream connect error" + std::string(300, '.')) == Completeness::complete);
}

TEST_CASE("an HTML page is an error by its title, its first heading, or without them its text") {
  const auto* const page = GENERATE(
      "<html><head><title>502 Bad Gateway</title></head><body>Hello</body></html>",
      "<!DOCTYPE html><title>Just a moment...</title>",
      "<!doctype html>\n<html><body><h1>Access Denied</h1></body></html>",
      "<html><h2 class=\"x\">Not <b>Found</b></h2>", "<HTML><BODY>Service temporarily unavailable</BODY></HTML>",
      "<!-- x --><html><title>Sign in</title>", "<html><title>Attention</title><h1>Error 1020</h1>",
      "<html><body><script>ok</script>Error</body></html>");
  INFO(page);
  CHECK(judge(page) == Completeness::error);
}

TEST_CASE("any other HTML page is an answer") {
  const auto* const page =
      GENERATE("<html><title>Recipes</title><h1>Bread</h1><p>An error of 500 g is too much.</p></html>",
               "<!doctype html><html><body>Hello</body></html>", "<html><title>The mirror</title>",
               "<html><h1>Terror of 1400</h1></html>",
               "<html><body><script>var error = 500;</script>Hello</body></html>", "<html>");
  INFO(page);
  CHECK(judge(page) == Completeness::complete);
}

TEST_CASE("an answer that equals its request is an error") {
  const std::string request = "{\"model\":\"m\",\n \"messages\":[]}\n";
  const auto judge_echo = [&](std::string_view bytes) {
    return judge_answer(bytes, {.request = request}).completeness;
  };
  CHECK(judge_echo(request) == Completeness::error);
  CHECK(judge_echo("{\"model\":\"m\",\n \"messages\":[]}") == Completeness::error);
  CHECK(judge_echo("{\"model\":\"m\"}") == Completeness::complete);
  CHECK(judge_answer("", {.request = ""}).reason == "the answer is empty");
}

TEST_CASE("a proxy's message that contains a number is known with a status beside it") {
  const auto* const text = GENERATE("404 page not found\n404", "404 page not found 404", "404 default backend - 404",
                                    "503 default backend - 404\n", "502 error code: 502", "error code: 502\n502");
  INFO(text);
  CHECK(judge(text) == Completeness::error);
}

TEST_CASE("headings and titles within scripts, styles and comments are not the page's") {
  const auto* const page = GENERATE(
      "<!DOCTYPE "
      "html><html><head><title>Tic-Tac-Toe</title></head><script>a.innerHTML=\"<h1>Error</h1>\"</script></html>",
      "<html><!-- <h1>Error</h1> --><h1>Play</h1>", "<html><style>/* <h1>Error</h1> */</style><h1>Play</h1>",
      "<html><!-- <title>Error</title> --><title>Fine</title>");
  INFO(page);
  CHECK(judge(page) == Completeness::complete);
  CHECK(judge("<html><script>x</script><h1>Error</h1>") == Completeness::error);
}
