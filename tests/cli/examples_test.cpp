// The examples work as described, with the local provider.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <set>

#include "cli/terminal_session.h"
#include "support/paths.h"
#include "support/provider.h"

using llmcache::test::contains;
using llmcache::test::TerminalSession;
using support::Provider;

namespace {

const std::string kExamples = LLMCACHE_TEST_DATA "/../examples/shell/";
constexpr const char* kRequest = R"({"model":"m","messages":[]})";

std::string url(const Provider& provider) {
  return "export LLM_URL=" + provider.url("/v1/chat/completions") + "; ";
}

}  // namespace

TEST_CASE("the tour looks up, stores, records, replays, fills, clears and purges") {
  const TerminalSession shell;
  const std::string shown = shell.out(LLMCACHE_TOUR " tour.db");
  CHECK(shown.find("before: absent\n") != std::string::npos);
  CHECK(shown.find("It pays twice.\"}") != std::string::npos);
  CHECK(shown.find("stream: [It pays] [ twice.] []\n") != std::string::npos);
  CHECK(shown.find("error:  ") != std::string::npos);
  CHECK(shown.find("Only once.\"},\"finish_reason\":\"stop\"}]} (from the model)\n") != std::string::npos);
  CHECK(shown.find("(from the store)\n") != std::string::npos);
  CHECK(shown.ends_with("clear:  2 entries\npurge:  1 entries\n"));
}

TEST_CASE("cache-a-curl-call calls the provider once") {
  const Provider provider;
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  const std::string line = url(provider) + kExamples + "cache-a-curl-call.sh < request.json";
  const std::string first = shell.out(line);
  CHECK(shell.out(line) == first);
  CHECK(provider.calls() == 1);
}

TEST_CASE("fixtures-for-ci replays recorded answers, and fails for every other request") {
  const Provider provider;
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  const std::string recorded = shell.out(url(provider) + kExamples + "fixtures-for-ci.sh record < request.json");
  CHECK(shell.out(url(provider) + kExamples + "fixtures-for-ci.sh replay < request.json") == recorded);
  const std::string other = "echo '{\"other\":1}' | " + kExamples + "fixtures-for-ci.sh replay";
  CHECK(shell.run(url(provider) + other).exit == 1);
  CHECK(provider.calls() == 1);
}

TEST_CASE("ask-many pays once for requests that differ only in an ignored id") {
  const Provider provider;
  const TerminalSession shell;
  shell.write("requests",
              "{\"model\":\"a\",\"metadata\":{\"request_id\":1}}\n{\"model\":\"b\",\"metadata\":{}}\n"
              "{\"model\":\"a\",\"metadata\":{\"request_id\":2}}\n");
  const std::string answers = shell.out(url(provider) + kExamples + "ask-many.sh < requests");
  CHECK(std::ranges::count(answers, '\n') == 3);
  CHECK(provider.calls() == 2);
}

TEST_CASE("ask-many names each request that failed, exits with 1, and asks only for the rest when it is run again") {
  const Provider provider;
  const TerminalSession shell;
  shell.write("requests", "{\"model\":\"a\"}\n{\"model\":\"b\"}\n");
  const std::string ask = kExamples + "ask-many.sh < requests";
  CHECK(shell.run("head -1 requests > first; " + url(provider) + kExamples + "ask-many.sh < first").exit == 0);
  // The same endpoint, for the key, but out of reach.
  const auto failed = shell.run(url(provider) + "export http_proxy=http://127.0.0.1:1; " + ask);
  CHECK(failed.exit == 1);
  CHECK(contains(failed.out, R"("line":1,)"));
  CHECK(contains(failed.out, R"("outcome":"hit")"));
  CHECK(contains(failed.out, R"("outcome":"failed","exit":7,"answer":null)"));
  CHECK(contains(failed.err, "2 lines: 1 hit, 1 failed"));
  CHECK(shell.run(url(provider) + ask).exit == 0);
  CHECK(provider.calls() == 2);
}

TEST_CASE("several-samples calls the provider once for each sample") {
  const Provider provider;
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  const std::string line = url(provider) + kExamples + "several-samples.sh 3 < request.json";
  const std::string first = shell.out(line);
  CHECK(shell.out(line) == first);
  CHECK(provider.calls() == 3);
}

TEST_CASE("clear-one-answer exits with 1 if nothing was cached") {
  CHECK(TerminalSession().run("echo '{\"model\":\"m\"}' | " + kExamples + "clear-one-answer.sh").exit == 1);
}

TEST_CASE("clear-one-answer removes one request and shows the rest") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.out("echo '{}' | llmcache put request.json; echo '{}' | llmcache put <(echo '{\"stays\":1}')");
  const std::string rest = shell.out(kExamples + "clear-one-answer.sh < request.json");
  CHECK(rest.starts_with(shell.out("echo '{\"stays\":1}' | llmcache hash").substr(0, 49)));
  CHECK(std::ranges::count(rest, '\n') == 1);
}

TEST_CASE("every shell example has a test here") {
  const std::set<std::string> tested{"ask-many.sh", "cache-a-curl-call.sh", "clear-one-answer.sh", "fixtures-for-ci.sh",
                                     "several-samples.sh"};
  std::set<std::string> present;
  for (const auto& file : std::filesystem::directory_iterator(kExamples)) present.insert(file.path().filename());
  CHECK(present == tested);
}
