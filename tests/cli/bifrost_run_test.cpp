// run --compat bifrost in front of a gateway, and of a provider.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/terminal_session.h"
#include "support/provider.h"

using llmcache::test::TerminalSession;
using nlohmann::json;
using support::Provider;

namespace {

constexpr const char* kPlain = R"({"model":"openai/gpt-4o","messages":[{"role":"user","content":"hi"}]})";
constexpr const char* kStream =
    R"({"model":"openai/gpt-4o","stream":true,"messages":[{"role":"user","content":"hi"}]})";

std::string run_curl(const Provider& provider, const std::string& query, const std::string& flags = "") {
  return fmt::format("llmcache run --compat bifrost {} -- curl -sSN '{}' -d @- < request.json", flags,
                     provider.url("/v1/chat/completions?" + query));
}

}  // namespace

TEST_CASE("a gateway's answer is stored as its plugin would store it, and then served") {
  const Provider gateway;
  const TerminalSession shell;
  for (const auto* request : {kPlain, kStream}) {
    shell.write("request.json", request);
    const std::string first = shell.out(run_curl(gateway, "gateway=1"));
    const int calls = gateway.calls();
    CHECK(first.find("extra_fields") != std::string::npos);
    CHECK(shell.out(run_curl(gateway, "gateway=1")) == first);
    CHECK(gateway.calls() == calls);
  }
  const std::string key = shell.out("llmcache hash --compat bifrost request.json | tr -d '\\n'");
  CHECK(json::parse(shell.out("llmcache get --compat bifrost request.json"))["extra_fields"]["provider"] == "openai");
  const json chunk = json::parse(shell.out("llmcache show --compat bifrost --raw " + key + "_chunk_3"));
  CHECK(chunk["extra_fields"]["chunk_index"] == 3);
  CHECK(shell.out("llmcache replay --compat bifrost --as text request.json") ==
        "word0 word1 word2 word3 word4 word5 word6 word7 \n");
}

TEST_CASE("a provider's answer is stored as the gateway would store it") {
  const Provider provider;
  const TerminalSession shell;
  for (const auto* request : {kPlain, kStream}) {
    shell.write("request.json", request);
    const std::string first = shell.out(run_curl(provider, ""));
    const int calls = provider.calls();
    CHECK_FALSE(shell.out(run_curl(provider, "")).empty());
    CHECK(provider.calls() == calls);
  }
  const std::string key = shell.out("llmcache hash --compat bifrost request.json | tr -d '\\n'");
  const json chunk = json::parse(shell.out("llmcache show --compat bifrost --raw " + key + "_chunk_3"));
  CHECK(chunk["extra_fields"]["chunk_index"] == 3);
  CHECK(chunk["extra_fields"]["provider"] == "openai");
}

TEST_CASE("a gateway's stream that is cut is not stored") {
  const Provider gateway;
  const TerminalSession shell;
  shell.write("request.json", kStream);
  for (const auto* fault : {"fail=cut", "fail=unfinished", "fail=error-event"}) {
    shell.run(run_curl(gateway, fmt::format("gateway=1&{}", fault)));
    CHECK(shell.out("llmcache ls").empty());
  }
}

TEST_CASE("a request that the gateway rejects runs without the cache") {
  const Provider gateway;
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]})");
  const auto ran = shell.run(run_curl(gateway, "gateway=1"));
  CHECK(ran.exit == 0);
  CHECK(ran.err.starts_with("llmcache: warning: "));
  CHECK(shell.out("llmcache ls").empty());
}

TEST_CASE("reject only removes a gateway's response and stream, which knows no rejections") {
  const Provider gateway;
  const TerminalSession shell;
  for (const auto* request : {kPlain, kStream}) {
    shell.write("request.json", request);
    const std::string first = shell.out(run_curl(gateway, "gateway=1"));
    CHECK(shell.run("llmcache reject --compat bifrost request.json").exit == 0);
    CHECK(shell.out("llmcache ls -0 --compat bifrost").empty());
    CHECK(shell.run("llmcache reject --compat bifrost request.json").exit == 1);
    CHECK(shell.out(run_curl(gateway, "gateway=1")) == first);
    CHECK(shell.out("llmcache ls -0 --compat bifrost | wc -c") != "0\n");
    shell.out("llmcache clear --compat bifrost request.json");
  }
}
