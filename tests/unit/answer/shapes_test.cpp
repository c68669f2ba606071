// The verdict on JSON values of unknown protocols.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "support/streams.h"
#include "unit/answer/judge.h"

using namespace libcache;
using support::judge;
using support::ndjson;
using support::sse;

namespace {

constexpr auto kComplete = Completeness::complete;
constexpr auto kIncomplete = Completeness::incomplete;
constexpr auto kError = Completeness::error;

}  // namespace

TEST_CASE("a whole JSON value is complete") {
  const auto* const body =
      GENERATE("{}", "[]", " {\"a\":1}\r\n", "\xEF\xBB\xBF{}", R"([{"a":[1]}])", "42", "\"text\"", "true", "[1,[2]]");
  INFO(body);
  CHECK(judge(body) == kComplete);
}

TEST_CASE("an error member that holds an error is an error") {
  const auto* const error =
      GENERATE(R"({"message":"no"})", R"("no")", "1", "true", "[1]", R"({"code":0})", R"({"message":"","code":5})");
  INFO(error);
  CHECK(judge(R"({"id":"x","error":)" + std::string(error) + "}") == kError);
}

TEST_CASE("an error member that is empty is not an error") {
  const auto* const error = GENERATE("null", "false", "0", "0.0", "-0", "0e7", R"("")", R"(" ")", R"("none")",
                                     R"("None")", "{}", "[]", R"({"code":null,"message":""})");
  INFO(error);
  CHECK(judge(R"({"id":"x","error":)" + std::string(error) + "}") == kComplete);
}

TEST_CASE("an error deeper inside is not the answer's") {
  CHECK(judge(R"({"a":{"error":"nested"}})") == kComplete);
  CHECK(judge(R"({"output":{"success":false,"status":"failed"},"id":1})") == kComplete);
}

TEST_CASE("a value of type error is an error if it also contains a text, or nothing else") {
  const auto* const body =
      GENERATE(R"({"type":"error"})", R"({"object":"error","message":"no"})",
               R"({"event":"error","text":"stopped","n":1})", R"({"success":false})",
               R"({"success":false,"why":"quota"})", R"({"type":"error","error":{"type":"overloaded_error"}})");
  INFO(body);
  CHECK(judge(body) == kError);
  CHECK(judge(R"({"success":false,"score":2})") == kComplete);
  CHECK(judge(R"({"type":"error","line":3})") == kComplete);
  CHECK(judge(R"({"type":"error_report","text":"x"})") == kComplete);
}

TEST_CASE("a list of errors is an error only next to members that belong to it") {
  const auto* const error =
      GENERATE(R"({"errors":[{"message":"no"}]})", R"({"errors":[{"message":"no","code":1}],"data":null})",
               R"({"errors":[{"message":"no","locations":[]}],"extensions":{}})",
               R"({"name":"BadRequest","errors":["no","neither"]})",
               R"({"success":false,"errors":[{"code":7009,"message":"no"}],"messages":[],"result":null})");
  INFO(error);
  CHECK(judge(error) == kError);
  const auto* const answer =
      GENERATE(R"({"errors":[]})", R"({"errors":[{"message":"no"}],"score":1})", R"({"errors":["no"]})",
               R"({"errors":[{"message":"no","line":3}]})", R"({"errors":[{"message":"no"}],"data":{"a":1}})");
  INFO(answer);
  CHECK(judge(answer) == kComplete);
}

TEST_CASE("error codes of several clouds are errors unless they are zero") {
  const auto* const error =
      GENERATE(R"({"error_code":17})", R"({"error_code":"AccessDenied"})", R"({"base_resp":{"status_code":1008}})",
               R"({"Response":{"Error":{"Code":"AuthFailure"},"RequestId":"r"}})", R"({"status":404,"x":1})",
               R"({"statusCode":599,"x":1})");
  INFO(error);
  CHECK(judge(error) == kError);
  const auto* const answer = GENERATE(R"({"error_code":0})", R"({"error_code":0.0})", R"({"error_code":null})",
                                      R"({"base_resp":{"status_code":0}})", R"({"Response":{"RequestId":"r"}})",
                                      R"({"status":200,"x":1})", R"({"status":399,"x":1})", R"({"status":600,"x":1})",
                                      R"({"status":"404","x":1})", R"({"inner":{"status":404}})");
  INFO(answer);
  CHECK(judge(answer) == kComplete);
}

TEST_CASE("an object with only the members of a gateway's error is an error") {
  const auto* const error =
      GENERATE(R"({"message":"no"})", R"({"detail":"Not authenticated"})", R"({"detail":[{"loc":["body"]}]})",
               R"({"msg":"no","code":500,"data":null})", R"({"Message":"User is not authorized"})",
               R"({"__type":"ThrottlingException","message":"Rate exceeded"})",
               R"({"type":"about:blank","title":"Bad","status":"x","detail":"no","instance":"/v1"})",
               R"({"message":"no","request_id":"r","documentation_url":"https://example.org"})",
               R"({"code":11200,"message":"no","sid":"s","result":[]})");
  INFO(error);
  CHECK(judge(error) == kError);
  CHECK(judge(error, {.http_status = 200}) == kComplete);
  CHECK(judge("HTTP/1.1 201 Created\r\n\r\n" + std::string(error)) == kComplete);
}

TEST_CASE("an object that holds more than a gateway's error, or says success, is an answer") {
  const auto* const answer =
      GENERATE(R"({"message":"Hello!","mood":"glad"})", R"({"message":{"content":"x"}})", R"({"title":"no"})",
               R"({"code":0,"message":"fine"})", R"({"code":200,"msg":"fine","data":{}})",
               R"({"status":"OK","message":"fine"})", R"({"status":"succeeded","detail":"fine"})",
               R"({"type":"done","message":"fine"})", R"({"message":"x","data":{"a":1}})", R"({"detail":3})");
  INFO(answer);
  CHECK(judge(answer) == kComplete);
}

TEST_CASE("a job that has not ended is incomplete if the answer names it") {
  const auto* const job =
      GENERATE(R"({"id":"j","status":"queued"})", R"({"id":1,"status":"InProgress"})",
               R"({"uuid":"u","state":"in-progress"})", R"({"taskId":"t","status":"IN_QUEUE"})",
               R"({"jobArn":"arn","status":"Submitted"})", R"({"batch_id":"b","processing_status":"canceling"})",
               R"({"name":"models/x/jobs/1","state":"JOB_STATE_RUNNING"})",
               R"({"name":"batches/b","metadata":{"state":"BATCH_STATE_PENDING"}})",
               R"({"output":{"task_id":"t","task_status":"PENDING"}})", R"({"data":{"id":"t","status":"created"}})",
               R"({"request_id":"r","data":{"task_status":"submitted"}})", R"({"name":"projects/p/operations/o"})",
               R"({"name":"operations/o","done":false})");
  INFO(job);
  CHECK(judge(job) == kIncomplete);
}

TEST_CASE("a job that failed is an error if the answer names it") {
  const auto* const word = GENERATE("failed", "FAIL", "error", "cancelled", "Canceled", "EXPIRED", "TIMED_OUT",
                                    "timed-out", "JOB_STATE_FAILED");
  INFO(word);
  CHECK(judge(R"({"id":"j","status":")" + std::string(word) + "\"}") == kError);
  CHECK(judge(R"({"data":{"status":")" + std::string(word) + R"("},"run_id":"r"})") == kError);
}

TEST_CASE("a status word that names no job, or says that it ended, is an answer") {
  const auto* const answer = GENERATE(
      R"({"status":"pending","reason":"no"})", R"({"order_id":"A-12","status":"cancelled"})",
      R"({"id":"j","status":"completed"})", R"({"id":"j","status":"succeeded"})", R"({"id":"j","status":"ok"})",
      R"({"id":null,"status":"failed"})", R"({"name":"operations/o","done":true,"response":{}})",
      R"({"name":"Special operations","members":4})", R"({"inner":{"id":1,"status":"failed"}})");
  INFO(answer);
  CHECK(judge(answer) == kComplete);
}

TEST_CASE("in mid-stream of an unknown protocol only an error object with code and message is an error") {
  const std::string end = R"({"answer":"Yes"})";
  const auto* const progress =
      GENERATE(R"({"type":"error","message":"Reconnecting 1/5"})", R"({"type":"status","message":"Searching"})",
               R"({"error":"retrying"})", R"({"id":"j","status":"queued"})", R"({"error":{"message":"no code"}})",
               R"({"success":false,"message":"again"})");
  INFO(progress);
  CHECK(judge(sse({progress, end})) == kComplete);
  CHECK(judge(ndjson({progress, end})) == kComplete);
  CHECK(judge(sse({end, progress})) != kComplete);
  CHECK(judge(ndjson({end, progress})) != kComplete);
  CHECK(judge(sse({R"({"error":{"code":500,"message":"no"}})", end})) == kError);
}

TEST_CASE("[DONE] after the last event leaves it the last") {
  CHECK(judge(sse({R"({"code":11200,"message":"The licence has expired"})", "[DONE]"})) == kError);
  CHECK(judge(sse({R"({"id":"j","status":"queued"})", "[DONE]"})) == kIncomplete);
}

TEST_CASE("in a list only an element whose error is an object with code and message is an error") {
  CHECK(judge(R"([{"line":3,"error":"missing semicolon"}])") == kComplete);
  CHECK(judge(R"([{"success":false,"why":"x"},{"message":"x"}])") == kComplete);
  CHECK(judge(R"([{"a":1},{"error":{"code":429,"message":"no"}}])") == kError);
}

TEST_CASE("whole bodies among several values are judged each") {
  const std::string body =
      R"({"object":"chat.completion","choices":[{"message":{"content":"a"},"finish_reason":"stop"}]})";
  const std::string empty =
      R"({"object":"chat.completion","choices":[{"message":{"content":""},"finish_reason":null}]})";
  CHECK(judge(ndjson({body, body})) == kComplete);
  CHECK(judge(ndjson({body, empty, body})) == kIncomplete);
  CHECK(judge(ndjson({body, R"({"error":{"message":"quota"}})"})) == kError);
  CHECK(judge(ndjson({R"({"error":{"message":"quota"}})", body})) == kError);
}

TEST_CASE("null and an empty answer are errors") {
  const auto* const nothing = GENERATE("", "\n", " \t\r\n", "\xEF\xBB\xBF", "null", " null\n");
  CHECK(judge(nothing) == kError);
}

TEST_CASE("JSON that is cut short is incomplete; text that no parser accepts is text") {
  const auto* const cut = GENERATE("{", "[", R"({"a":1)", R"({"a":"b)", "[1,", R"({"a":tr)", R"({"a":-)", R"({"a":1e)",
                                   R"({"a)", R"([{"a":1},)",
                                   R"([{"a":1}])"
                                   "\n{",
                                   R"({"a":"\u00)", "[[[");
  INFO(cut);
  CHECK(judge(cut) == kIncomplete);
  const auto* const text = GENERATE("{name} is a placeholder", "[Note] It is Mars.", "[Note", "{\"a\":1}}", "[1,,",
                                    "{\"a\" is", "{'a':1", "[01", "{\"a\": 1} is what you asked for.", "[1] is");
  INFO(text);
  CHECK(judge(text) == kComplete);
}

TEST_CASE("answers are read leniently") {
  const auto* const body = GENERATE(R"({"a":1,"a":2})", R"({"a":NaN,"b":[Infinity,-Infinity]})", R"({"a":"\ud83c"})",
                                    R"({"a":1e999})", "{\"a\":\"\xff\"}");
  INFO(body);
  CHECK(judge(body) == kComplete);
  CHECK(judge(R"({"error":null,"error":"the last one counts"})") == kError);
}

TEST_CASE("JSON that a model wrote is not mistaken for a provider's") {
  const auto* const own =
      GENERATE(R"({"candidates":[{"name":"Ada"}]})", R"({"choices":["Paris","London"]})",
               R"({"choices":[{"label":"A"}],"question":"x"})", R"({"done":false,"message":"half"})",
               R"({"stop":false,"content":"x"})", R"({"response":"x"})", R"({"result":"x"})",
               R"({"results":[{"a":1}]})", R"({"event":"message","text":"x"})", R"({"type":"start"})",
               R"({"token":{"a":1}})", R"({"output":{"text":"x"}})", R"({"type":"finish","id":"x"})");
  INFO(own);
  CHECK(judge(own) == kComplete);
}
