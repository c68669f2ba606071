// Commands whose store is down, slow or refuses: one line on stderr, the right exit code, and no wait beyond the
// deadline (`timeout` would exit with 124).
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "cli/terminal_session.h"
#include "support/redis_server.h"
#include "support/scripted_server.h"
#include "support/toxic_proxy.h"

using llmcache::test::Ran;
using llmcache::test::TerminalSession;
using support::RedisServer;
using support::ScriptedReply;
using support::ScriptedServer;
using support::Toxic;
using support::ToxicProxy;

namespace {

long lines(const std::string& text) {
  return std::ranges::count(text, '\n');
}

// Checks get, put and run with such a store.
void check_degrading(const TerminalSession& shell, const std::string& store, int exit,
                     const std::string& variables = "", const std::string& deadline = "1s") {
  const std::string options = fmt::format("--store '{}' --deadline {}", store, deadline);
  shell.write("request.json", R"({"model":"m"})");
  shell.write("response.json", "{\"answer\":1}");
  const auto run = [&](const std::string& command) { return shell.run(variables + " timeout 30 llmcache " + command); };
  const Ran got = run("get request.json " + options);
  INFO(store << ": " << got.err);
  CHECK(got.exit == exit);
  CHECK(got.out.empty());
  CHECK(lines(got.err) == 1);
  CHECK(got.err.starts_with("llmcache: error: "));
  const Ran put = run("put request.json --response response.json " + options);
  CHECK(put.exit == exit);
  CHECK(lines(put.err) == 1);
  const Ran ran = run("run " + options + " --request request.json -- sh -c 'echo answer; exit 3'");
  INFO(ran.err);
  CHECK(ran.exit == 3);
  CHECK(ran.out == "answer\n");
  CHECK(lines(ran.err) == 1);
  CHECK(ran.err.find("running without the cache") != std::string::npos);
  CHECK(run("get request.json --on-store-error miss " + options).exit == 1);
  CHECK(run("run --mode replay --request request.json --on-store-error miss " + options + " -- false").exit == 1);
}

}  // namespace

TEST_CASE("a server that cannot be reached is exit 4") {
  const TerminalSession shell;
  check_degrading(shell, "redis://127.0.0.1:1", 4);
  check_degrading(shell, "redis+unix:///nowhere/redis.sock", 4);
  check_degrading(shell, "redis+cluster://127.0.0.1:1,127.0.0.1:2", 4);
  check_degrading(shell, "redis+sentinel://127.0.0.1:1/main", 4);
  check_degrading(shell, "rediss://127.0.0.1:1", 4);
}

TEST_CASE("a server that accepts and then does not answer is exit 4 within the deadline") {
  const TerminalSession shell;
  RedisServer server;
  server.send_signal(SIGSTOP);
  check_degrading(shell, server.url(), 4);
  check_degrading(shell, "rediss" + server.url().substr(5), 4);
  check_degrading(shell, "redis+cluster" + server.url().substr(5), 4);
  server.send_signal(SIGCONT);
}

TEST_CASE("a reply that arrives slowly or breaks off is exit 4 within the deadline") {
  const TerminalSession shell;
  RedisServer server;
  ToxicProxy proxy(server.port());
  for (const Toxic toxic : {Toxic{.kind = Toxic::Kind::drip, .delay = std::chrono::milliseconds(200)},
                            Toxic{.kind = Toxic::Kind::cut, .bytes = 2}, Toxic{.kind = Toxic::Kind::reset, .bytes = 2},
                            Toxic{.kind = Toxic::Kind::silent}}) {
    proxy.spoil(toxic);
    check_degrading(shell, proxy.url(), 4);
  }
}

TEST_CASE("a missing or wrong password is exit 5") {
  const TerminalSession shell;
  RedisServer server({.arguments = {"--requirepass", "right"}, .password = "right"});
  server.command({"ACL", "SETUSER", "reader", "on", ">right", "~other:*", "+ping"});
  check_degrading(shell, server.url(), 5, "LLMCACHE_CONNECT_TIMEOUT=20s", "20s");
  check_degrading(shell, server.url(), 5, "LLMCACHE_CONNECT_TIMEOUT=20s LLMCACHE_PASSWORD=wrong", "20s");
  check_degrading(shell, "redis://reader@" + server.url().substr(8), 5,
                  "LLMCACHE_CONNECT_TIMEOUT=20s LLMCACHE_PASSWORD=right", "20s");
}

TEST_CASE("an error reply is exit 4 if a retry may help, and 5 if an operator must act") {
  const TerminalSession shell;
  for (const auto& [reply, exit] : std::initializer_list<std::pair<const char*, int>>{
           {"LOADING Redis is loading the dataset in memory", 4},
           {"BUSY Redis is busy running a script", 4},
           {"MASTERDOWN Link with MASTER is down", 4},
           {"CLUSTERDOWN The cluster is down", 4},
           {"READONLY You can't write against a read only replica.", 5},
           {"OOM command not allowed when used memory > 'maxmemory'.", 5},
           {"MISCONF Redis is configured to save RDB snapshots", 5},
           {"NOREPLICAS Not enough good replicas to write.", 5},
           {"NOPERM this user has no permissions to run the 'get' command", 5},
           {"WRONGTYPE Operation against a key holding the wrong kind of value", 5}}) {
    ScriptedServer server([&](const std::string&) { return ScriptedReply{.bytes = fmt::format("-{}\r\n", reply)}; });
    check_degrading(shell, server.url(), exit, "LLMCACHE_CONNECT_TIMEOUT=20s", exit == 4 ? "1s" : "20s");
  }
}

TEST_CASE("invalid RESP data is exit 5") {
  const TerminalSession shell;
  ScriptedServer server([](const std::string&) { return ScriptedReply{.bytes = "HTTP/1.1 400 Bad Request\r\n\r\n"}; });
  check_degrading(shell, server.url(), 5, "LLMCACHE_CONNECT_TIMEOUT=20s", "20s");
}

TEST_CASE("with --json the error object says whether a retry may help") {
  const TerminalSession shell;
  const auto ran = shell.run("echo '{}' | llmcache get --json --store redis://127.0.0.1:1");
  CHECK(ran.exit == 4);
  CHECK(ran.err.find(R"("code":4,"kind":"store_unavailable","retryable":true)") != std::string::npos);
  CHECK(lines(ran.err) == 1);
}

TEST_CASE("an invalid configuration is exit 2 at once, whatever the command") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m"})");
  for (const auto* store : {"redis://", "redis://h:0", "redis://h/x", "http://h", "redis://a,b", "redis+sentinel://h",
                            "redis://h?x=1", "nonsense"}) {
    for (const auto* command : {"get request.json", "put request.json --response request.json", "ls",
                                "run --request request.json -- echo started"}) {
      const auto ran = shell.run(fmt::format("llmcache --store '{}' {}", store, command));
      INFO(store << " " << command << " " << ran.err);
      CHECK(ran.exit == 2);
      CHECK(ran.out.empty());
      CHECK(lines(ran.err) == 1);
    }
  }
  CHECK(shell.run("llmcache get request.json --timeout soon").exit == 2);
  CHECK(shell.run("llmcache get request.json --retries -1").exit == 2);
}
