// Standard descriptors that are closed when the program starts, on every kind of store.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>

#include "cli/terminal_session.h"
#include "support/redis_cluster.h"
#include "support/redis_server.h"

using llmcache::test::kPatient;
using llmcache::test::TerminalSession;

namespace {

constexpr const char* kAnswer = "{\"x\":1,\"y\":\"\\r\\nSET PWNED yes\\r\\n\"}\n";

void check_closed(const std::string& store, const std::string& closed, bool persistent) {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m"})");
  shell.write("answer.json", kAnswer);
  const auto exit_of = [&](const std::string& command) {
    const auto ran = shell.run(fmt::format("{} llmcache --store '{}' {} {}", kPatient, store, command, closed));
    INFO(store << " " << command << " " << closed << ": " << ran.err);
    return ran.exit;
  };
  const bool no_stdout = closed.find("1>&-") != std::string::npos;
  CHECK(exit_of("put request.json --response answer.json") == 0);
  CHECK(exit_of("get request.json") == (!persistent ? 1 : no_stdout ? 5 : 0));
  CHECK(exit_of("run --request request.json -- cat answer.json") == (no_stdout ? 5 : 0));
  CHECK(exit_of("run --mode off --request request.json -- cat answer.json") == (no_stdout ? 5 : 0));
  CHECK(exit_of("ls") == (no_stdout && persistent ? 5 : 0));
  if (persistent) {
    CHECK(shell.out(fmt::format("{} llmcache --store '{}' get request.json", kPatient, store)) == kAnswer);
  }
}

const auto kCombinations = {"0<&-", "1>&-", "2>&-", "0<&- 1>&-", "0<&- 2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"};

}  // namespace

TEST_CASE("closed descriptors are never taken for a file of the store") {
  for (const auto* closed : kCombinations) {
    check_closed("sqlite:cache.db", closed, true);
    check_closed("memory:", closed, false);
  }
}

TEST_CASE("closed descriptors are never taken for a server's socket") {
  support::RedisServer server;
  for (const auto* closed : kCombinations) {
    check_closed(server.url(), closed, true);
    CHECK(server.command({"GET", "PWNED"}) != "yes");
    server.command({"FLUSHALL"});
  }
}

TEST_CASE("closed descriptors are never taken for a socket to a cluster") {
  support::RedisCluster cluster;
  for (const auto* closed : kCombinations) {
    check_closed(cluster.url(), closed, true);
    CHECK(cluster.master_of("PWNED").command({"GET", "PWNED"}) != "yes");
    cluster.flush();
  }
}

TEST_CASE("with few descriptors a run continues without the cache, or with it, and its answer is whole") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m"})");
  shell.write("answer.json", kAnswer);
  shell.out("llmcache put request.json --session before --response answer.json");
  // Nothing that the test itself has inherited counts.
  constexpr const char* kCloseOthers = "for n in 3 4 5 6 7 8 9; do eval \"exec $n>&-\"; done; ";
  for (int most = 9; most <= 24; ++most) {
    const auto ran =
        shell.run(fmt::format("{} ulimit -n {}; llmcache run --request request.json --session s{} -- cat answer.json",
                              kCloseOthers, most, most));
    INFO(most << ": " << ran.err);
    CHECK(ran.exit == 0);
    CHECK(ran.out == kAnswer);
  }
  const auto ran = shell.run("ulimit -n 64; llmcache get request.json --session before");
  CHECK(ran.out == kAnswer);
}

TEST_CASE("a stdin that is closed is an empty one") {
  const TerminalSession shell;
  CHECK(shell.run("llmcache hash <&-").exit == 3);
  CHECK(shell.run("llmcache run -- echo started <&-").out == "started\n");
}
