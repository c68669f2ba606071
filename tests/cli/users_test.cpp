// What users of such caches complain about, case by case: each must not happen here.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/terminal_session.h"
#include "support/redis_cluster.h"
#include "support/redis_server.h"

using llmcache::test::contains;
using llmcache::test::kPatient;
using llmcache::test::TerminalSession;
using Json = nlohmann::json;

namespace {

constexpr const char* kAsked = R"({"model":"m","messages":[{"role":"user","content":"Why?"}]})";
constexpr const char* kReply = R"({"choices":[{"index":0,"finish_reason":"stop","message":{"content":"So."}}],)"
                               R"("usage":{"prompt_tokens":7,"completion_tokens":2}})";
constexpr const char* kEvents =
    "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"So\"},"
    "\"finish_reason\":null}]}\n\n"
    "data: "
    "{\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: [DONE]\n\n";

// A user with a request in request.json and a model whose calls are lines of the file `calls`.
class User : public TerminalSession {
 public:
  explicit User(const std::string& reply = kReply) {
    write("request.json", kAsked);
    write("reply", reply);
    write("model.sh", "cat > /dev/null; echo >> calls; cat reply\n");
    write("calls", "");
  }
  llmcache::test::Ran ask(const std::string& options = "") const {
    return run("llmcache run " + options + " -- sh model.sh < request.json");
  }
  int calls() const { return std::stoi(out("wc -l < calls")); }
};

Json with(const std::string& member, const Json& value) {
  Json request = Json::parse(kAsked);
  request[member] = value;
  return request;
}

}  // namespace

TEST_CASE("user 1: the same JSON in another key order misses") {
  const User user;
  user.ask();
  user.write("request.json", R"({ "messages": [{"content": "Why?", "role": "user"}], "model": "m" })");
  CHECK(user.ask().out == kReply);
  CHECK(user.calls() == 1);
}

TEST_CASE("user 2: allow-lists of parameters make different requests share an answer") {
  const User user;
  std::string keys;
  const std::vector<Json> requests{Json::parse(kAsked),
                                   with("n", 2),
                                   with("seed", 1),
                                   with("stop", "x"),
                                   with("max_tokens", 9),
                                   with("tools", Json::array()),
                                   with("model", "n"),
                                   with("temperature", 0),
                                   with("response_format", {}),
                                   with("anything_new", nullptr)};
  for (const Json& request : requests) {
    user.write("request.json", request.dump());
    keys += user.out("llmcache hash request.json");
  }
  user.write("keys", keys);
  CHECK(user.out("sort -u keys | wc -l") == std::to_string(requests.size()) + "\n");
}

TEST_CASE("user 3: volatile ids make every request miss") {
  const User user;
  for (const char* const id : {"17", "18"}) {
    user.write("request.json", with("metadata", {{"request_id", id}}).dump());
    user.ask("--ignore /metadata/request_id");
  }
  CHECK(user.calls() == 1);
  user.out("llmcache put request.json < reply");
  user.write("request.json", with("metadata", {{"request_id", "19"}}).dump());
  CHECK(contains(user.run("llmcache get --why request.json").err, "/metadata/request_id: stored \"18\", asked \"19\""));
}

TEST_CASE("user 4: cache misses are nearly impossible to debug") {
  const User user;
  user.ask();
  user.write("other.json", with("temperature", 0.5).dump());
  CHECK(contains(user.run("llmcache get --why other.json").err, "/temperature: stored (absent), asked 0.5"));
  CHECK(contains(user.run("llmcache diff request.json other.json").out, "/temperature: (absent) -> 0.5"));
  CHECK(contains(user.run("llmcache hash --explain other.json").out, "/temperature\tin the key\t0.5"));
}

TEST_CASE("user 5: keys differ from process to process or from version to version") {
  const User user;
  user.write("request.json", R"({"model":"m","n":1})");
  for (const char* const environment : {"", "LC_ALL=de_DE.UTF-8 ", "TZ=Asia/Tokyo ", "HOME=/ "}) {
    CHECK(user.out(std::string(environment) + "llmcache hash request.json") ==
          "llmcache:default_7252a4964ae74235be4a56963280637e\n");
  }
}

TEST_CASE("user 6: a hit changes the answer: cost injected, fields lost, usage lost, tool calls lost") {
  const std::string reply =
      "{ \"z\": 1.0, \"choices\": "
      "[{\"index\":0,\"finish_reason\":\"tool_calls\",\"message\":{\"tool_calls\":[{\"id\":\"a\","
      "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}],\n\t\"usage\":{\"x\":1e2}, "
      "\"extra\":[ ] }\r\n";
  const User user(reply);
  CHECK(user.ask().out == reply);
  CHECK(user.ask().out == reply);
  CHECK(user.calls() == 1);
}

TEST_CASE("user 7: a stream that was cut off in the middle is served as whole") {
  const std::string anthropic =
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n"
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"text\":\"a\"}}\n\n";
  const std::string events = kEvents;
  const std::string done_without_reason = events.substr(0, events.find("\n\n") + 2) + "data: [DONE]\n\n";
  for (const std::string& cut : {events.substr(0, 90), done_without_reason, anthropic}) {
    INFO(cut);
    const User user(cut);
    user.write("request.json", with("stream", true).dump());
    CHECK(user.ask().out == cut);
    CHECK(user.out("llmcache ls").empty());
    CHECK(user.run("llmcache put request.json < reply").exit == 7);
  }
}

TEST_CASE("user 8: an error body with status 200 stays cached for days") {
  for (const char* const body :
       {R"({"error":{"message":"overloaded"}})", R"({"type":"error","error":{"type":"api_error"}})",
        R"({"detail":"Not Found"})", "Internal Server Error"}) {
    INFO(body);
    const User user(body);
    const auto ran = user.ask();
    CHECK(ran.out == body);
    CHECK(contains(ran.err, "not stored"));
    CHECK(user.out("llmcache ls").empty());
  }
}

TEST_CASE("user 9: a valid but useless answer stays in the cache") {
  const User user;
  user.ask();
  const std::string better = Json::parse(kReply).dump() + "\n";
  user.write("reply", better);
  CHECK(user.ask("--mode refresh").out == better);
  CHECK(user.ask().out == better);
  CHECK(user.ask("--sample 1").out == better);
  user.out("llmcache clear request.json");
  CHECK(user.out("llmcache ls").empty());
}

TEST_CASE("user 10: repeated samples of one request collapse into one") {
  const User user;
  for (int sample = 0; sample < 3; ++sample) {
    Json reply = Json::parse(kReply);
    reply["id"] = sample;
    user.write("reply", reply.dump());
    CHECK(user.ask(fmt::format("--sample {}", sample)).out == reply.dump());
  }
  CHECK(Json::parse(user.ask("--sample 1").out)["id"] == 1);
  CHECK(user.calls() == 3);
}

TEST_CASE("user 11: a replay arrives all at once or with invented delays") {
  const User user;
  user.write("request.json", with("stream", true).dump());
  user.write("reply", kEvents);
  user.write("model.sh", "cat > /dev/null; head -n 2 reply; sleep 0.4; tail -n +3 reply\n");
  user.ask();
  const auto chunks = Json::parse(user.out("llmcache show --json request.json"))["chunks"];
  REQUIRE(chunks.size() >= 2);
  CHECK(chunks.back()["at_ms"].get<int>() - chunks.front()["at_ms"].get<int>() >= 300);
  const auto start = std::chrono::steady_clock::now();
  CHECK(user.out("llmcache replay --pace recorded request.json") == kEvents);
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(300));
}

TEST_CASE("user 12: streaming calls silently bypass the cache") {
  const User user(kEvents);
  user.write("request.json", with("stream", true).dump());
  CHECK(user.ask().out == kEvents);
  CHECK(user.ask().out == kEvents);
  CHECK(user.calls() == 1);
}

TEST_CASE("user 13: a sick Redis hangs every call, or its errors count as misses so that nobody notices") {
  const User user;
  const auto ran = user.ask("--store redis://127.0.0.1:1");
  CHECK(ran.exit == 0);
  CHECK(ran.out == kReply);
  CHECK(contains(ran.err, "warning: "));
  const auto got = user.run("llmcache get request.json --store redis://127.0.0.1:1");
  CHECK(got.exit == 4);
  CHECK(got.out.empty());
}

TEST_CASE("user 14: on a cluster commands fail with CROSSSLOT or MOVED, and TLS options are ignored") {
  const support::RedisCluster cluster;
  const User user;
  const std::string store = " --store " + cluster.url();
  const auto patiently = [&](const std::string& command) { return user.run(kPatient + command); };
  CHECK(patiently("llmcache run" + store + " -- sh model.sh < request.json").out == kReply);
  CHECK(patiently("llmcache get request.json" + store).out == kReply);
  user.write("request.json", with("stream", true).dump());
  user.write("reply", kEvents);
  CHECK(patiently("llmcache run" + store + " -- sh model.sh < request.json").out == kEvents);
  CHECK(patiently("llmcache replay request.json" + store).out == kEvents);
  CHECK(patiently("llmcache ls" + store).out.size() > 80);
  CHECK(patiently("llmcache purge --yes llmcache:" + store).exit == 0);
  CHECK(patiently("llmcache get request.json" + store).exit == 1);
}

TEST_CASE("user 15: KEYS or SCAN on the read path") {
  support::RedisServer server;
  const User user;
  const std::string store = " --store " + server.url();
  server.command({"CONFIG", "RESETSTAT"});
  CHECK(user.run(kPatient + ("llmcache run" + store) + " -- sh model.sh < request.json").out == kReply);
  CHECK(user.run(kPatient + ("llmcache run" + store) + " -- sh model.sh < request.json").out == kReply);
  CHECK(user.run(kPatient + ("llmcache get request.json" + store)).out == kReply);
  const std::string used = server.command({"INFO", "commandstats"});
  CHECK(contains(used, "cmdstat_get"));
  CHECK_FALSE(contains(used, "cmdstat_scan"));
  CHECK_FALSE(contains(used, "cmdstat_keys"));
}

TEST_CASE("user 16: a hundred callers miss at the same time and all pay") {
  const User user;
  user.write("model.sh", "cat > /dev/null; echo >> calls; sleep 1; cat reply\n");
  user.out("for i in $(seq 100); do llmcache run --wait 60s -- sh model.sh < request.json > answer-$i & done; wait");
  CHECK(user.calls() == 1);
  CHECK(user.run("for i in $(seq 100); do cmp reply answer-$i || exit 1; done").exit == 0);
}

TEST_CASE("user 17: TTL surprises: a short default, one that cannot be disabled, an option that is ignored") {
  const User user;
  user.ask();
  CHECK(contains(user.out("llmcache ls"), "\t4m 5"));
  user.ask("--mode refresh --ttl never");
  CHECK(contains(user.out("llmcache ls"), "\tnever"));
  user.out("llmcache clear request.json");
  CHECK(contains(user.ask("--ttl 0").err, "not stored"));
  CHECK(user.out("llmcache ls").empty());
  CHECK(user.out("LLMCACHE_TTL=7d llmcache config get ttl") == "7d\n");
  CHECK(contains(user.ask("-v --ttl 1h").err, "stored for 1h"));
  CHECK(contains(user.ask("-v").err, "hit (59m"));
  CHECK(contains(user.ask("-v --mode refresh --ttl never").err, "stored; it never expires"));
  CHECK(contains(user.ask("-v").err, "hit (never expires)"));
}

TEST_CASE("user 18: prompts appear in key names and logs") {
  const User user;
  user.write("request.json", R"({"model":"m","messages":[{"role":"user","content":"my-canary-prompt"}]})");
  const auto ran = user.ask("-v --use-log uses.jsonl");
  CHECK_FALSE(contains(ran.err, "canary"));
  CHECK_FALSE(contains(user.out("llmcache ls --long; llmcache ls -0; llmcache stats --by model --json"), "canary"));
  CHECK(user.run("grep -rl canary ~/.cache/llmcache/*-stats ~/.local/state").exit != 0);
}

TEST_CASE("user 19: cross-tenant hits") {
  const User user;
  user.ask("--session alice");
  CHECK(user.run("llmcache get request.json --session bob").exit == 1);
  CHECK(user.run("llmcache get request.json --session alice_").exit == 1);
  CHECK(user.run("llmcache get request.json --session alice").out == kReply);
}

TEST_CASE("user 20: clearing the cache deletes other applications' keys") {
  support::RedisServer server;
  const User user;
  server.command({"SET", "llmcache", "mine"});
  server.command({"SET", "other:llmcache:default_", "mine"});
  const std::string store = " --store " + server.url();
  user.run(kPatient + ("llmcache run" + store) + " -- sh model.sh < request.json");
  CHECK(user.run(kPatient + ("llmcache purge --yes" + store)).exit == 2);
  CHECK(user.run(kPatient + ("llmcache purge --yes ''" + store)).exit == 2);
  CHECK(contains(user.run(kPatient + ("llmcache purge --dry-run llmcache:" + store)).out, "llmcache:default_"));
  CHECK(user.run(kPatient + ("llmcache purge --yes llmcache:" + store)).exit == 0);
  CHECK(user.run(kPatient + ("llmcache purge --yes --all" + store)).exit == 1);
  CHECK(server.command({"GET", "llmcache"}) == "mine");
  CHECK(server.command({"GET", "other:llmcache:default_"}) == "mine");
}

TEST_CASE("user 21: everybody builds record and replay for CI by hand") {
  const User user;
  user.out("llmcache run --store dir:fixtures -- sh model.sh < request.json");
  user.write("unused.json", with("n", 2).dump());
  user.out("llmcache run --store dir:fixtures --request unused.json -- sh model.sh");
  CHECK(user.out("llmcache run --store dir:fixtures --use-log log --mode replay < request.json") == kReply);
  CHECK(contains(user.run("llmcache fixtures unused --store dir:fixtures --use-log log").out, ".json"));
  user.write("request.json", with("n", 3).dump());
  CHECK(user.run("llmcache run --store dir:fixtures --mode replay -- sh model.sh < request.json").exit == 1);
  CHECK(user.calls() == 2);
  CHECK(user.out("llmcache export --store dir:fixtures | wc -l") == "2\n");
}

TEST_CASE("user 22: nobody knows what the cache saves") {
  const User user;
  user.ask();
  user.ask();
  user.out("llmcache get request.json");
  const auto total = Json::parse(user.out("llmcache stats --json"))["total"];
  CHECK(total["hits"] == 2);
  CHECK(total["misses"]["absent"] == 1);
  CHECK(total["prompt_tokens"] == 14);
  CHECK(total["completion_tokens"] == 4);
}
