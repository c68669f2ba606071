#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "support/streams.h"

using namespace libcache;

namespace {

Completeness completeness(std::string_view body) {
  const Verdict verdict = judge_answer(body);
  CHECK(verdict.reason.empty() == (verdict.completeness == Completeness::complete));
  return verdict.completeness;
}

}  // namespace

TEST_CASE("a body of whole JSON is complete") {
  const auto* const body =
      GENERATE("{}", "[]", " {\"a\":1}\r\n", "\xEF\xBB\xBF{}", R"([{"a":[1]}])", R"({"error":null})",
               R"({"type":"message","error":false})", R"({"a":{"error":"nested"}})");
  INFO(body);
  CHECK(completeness(body) == Completeness::complete);
}

TEST_CASE("a body that is not JSON is complete, for only its caller knows what it should be") {
  const auto* const body = GENERATE("hello", "<xml>", "<htm", "\"text\"", "42", "error", " x");
  INFO(body);
  CHECK(completeness(body) == Completeness::complete);
}

TEST_CASE("an HTML page is an error: it comes from a proxy, not from an API") {
  const auto* const body = GENERATE("<html>", " <HTML lang=\"en\">502", "<!doctype html>", "\n<!DOCTYPE HTML PUBLIC");
  CHECK(completeness(body) == Completeness::error);
}

TEST_CASE("an empty body is an error") {
  const auto* const body = GENERATE("");
  CHECK(completeness(body) == Completeness::error);
}

TEST_CASE("a body that reports an error is an error") {
  const auto* const body =
      GENERATE(R"({"error":{"message":"no"}})", R"({"error":"no"})", R"({"id":"x","error":{}})",
               R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})", R"({"type":"error"})",
               R"({"object":"error","message":"no"})", R"([{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}])",
               R"({"object":"response","status":"failed","error":{"code":"server_error"}})");
  INFO(body);
  CHECK(completeness(body) == Completeness::error);
}

TEST_CASE("a body that begins as JSON and does not end as it is incomplete") {
  const auto* const body = GENERATE("{", "[", R"({"a":1)", R"({"a":"b)", "[1,", "{} {}", "{\"a\":1}}");
  INFO(body);
  CHECK(completeness(body) == Completeness::incomplete);
}

TEST_CASE("events that were not asked for as a stream are judged as one") {
  const std::string whole = support::sample_stream("openai-chat.sse");
  CHECK(completeness(whole) == Completeness::complete);
  CHECK_FALSE(judge_answer(whole).metadata.model.empty());
  CHECK(completeness(whole.substr(0, whole.find("finish_reason\":\"stop"))) == Completeness::incomplete);
  CHECK(completeness(whole.substr(0, whole.size() / 2)) == Completeness::incomplete);
  CHECK(completeness("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n") ==
        Completeness::error);
  CHECK(completeness("data: {\"error\":{\"message\":\"no\"}}\n\ndata: [DONE]\n\n") == Completeness::error);
}

TEST_CASE("an answer cut anywhere is not complete") {
  const std::string body = support::sample_stream("openai-chat.json");
  CHECK(completeness(body) == Completeness::complete);
  for (std::size_t size = 0; size < body.size(); ++size) {
    REQUIRE(completeness(body.substr(0, size)) != Completeness::complete);
  }
}

TEST_CASE("an answer that says it is still in the making is incomplete") {
  CHECK(completeness(R"({"object":"response","status":"in_progress","error":null})") == Completeness::incomplete);
  CHECK(completeness(R"({"object":"response","status":"queued"})") == Completeness::incomplete);
  CHECK(completeness(R"({"model":"llama3.2","response":"a","done":false})") == Completeness::incomplete);
  CHECK(completeness(R"({"object":"response","status":"incomplete"})") == Completeness::complete);
}

TEST_CASE("a body that strict JSON refuses is not stored as whole") {
  CHECK(completeness(R"({"a":1,"a":2})") == Completeness::incomplete);
  CHECK(completeness(std::string(600, '[') + std::string(600, ']')) == Completeness::incomplete);
}
