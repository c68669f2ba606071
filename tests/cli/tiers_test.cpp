// A near store before a far one, as the command line has them.
#include <signal.h>

#include <catch2/catch_test_macros.hpp>

#include "cli/terminal_session.h"
#include "support/redis_server.h"

using llmcache::test::contains;
using llmcache::test::kPatient;
using llmcache::test::TerminalSession;
using support::RedisServer;

TEST_CASE("a hit in the far store is copied to the near one, and expires there at the same time") {
  const TerminalSession shell;
  RedisServer server;
  shell.write("request.json", "{}");
  shell.write("answer.json", R"({"a":1})");
  shell.out(kPatient + std::string("llmcache put request.json --response answer.json --ttl 1h --store ") +
            server.url());
  const std::string key = shell.out("llmcache hash request.json");
  const std::string name = key.substr(0, key.size() - 1);
  server.command({"PEXPIRE", name, "60000"});  // less than the entry itself says
  const std::string get = "llmcache get request.json --store sqlite:near.db --store " + server.url();
  CHECK(shell.out(kPatient + get) == R"({"a":1})");
  server.send_signal(SIGSTOP);
  CHECK(shell.out(get) == R"({"a":1})");
  CHECK(shell.out("LLMCACHE_STORE='sqlite:near.db " + server.url() + "' llmcache get request.json") == R"({"a":1})");
  CHECK(shell.out("llmcache get request.json --store sqlite:near.db") == R"({"a":1})");
  const auto later = shell.run("faketime -f +70s llmcache get request.json --store sqlite:near.db");
  CHECK(later.exit == 1);
  server.send_signal(SIGCONT);
}

TEST_CASE("a configuration file lists stores, and writes go to those that are not read-only") {
  const TerminalSession shell;
  RedisServer server;
  shell.write("request.json", "{}");
  shell.write("both.json", R"({"store": ["sqlite:near store.db", ")" + server.url() + R"("]})");
  shell.write("near.json", R"({"store": ["sqlite:near store.db", ")" + server.url() + R"(?read_only=1"]})");
  CHECK(shell.out("llmcache config get store --config both.json") ==
        "sqlite:" + (shell.home() / "near store.db").string() + "\n" + server.url() + "\n");
  const std::string put = kPatient + std::string("echo '{\"a\":1}' | llmcache put request.json --config ");
  shell.out(put + "near.json");
  CHECK(server.command({"DBSIZE"}) == "0");
  shell.out(put + "both.json");
  CHECK(server.command({"DBSIZE"}) == "2");  // the entry and the statistics
  CHECK(shell.run("LLMCACHE_STORE='sqlite:near store.db' llmcache get request.json").exit == 0);
}

TEST_CASE("a rejected entry is not brought back by any store, for nobody who shares the far one") {
  const TerminalSession shell;
  RedisServer server;
  shell.write("request.json", R"({"model":"m"})");
  const std::string far = " --store " + server.url();
  const std::string run =
      kPatient + std::string("llmcache run --request request.json --ttl 1h --store sqlite:near.db") + far;
  shell.out(run + " -- echo bad");
  shell.out(kPatient + std::string("llmcache export > export") + far);
  CHECK(shell.run(kPatient + std::string("llmcache reject request.json --store sqlite:near.db") + far).exit == 0);
  for (const auto* stores : {"--store sqlite:near.db", "--store sqlite:other.db", ""}) {
    const auto missed = shell.run(kPatient + std::string("llmcache get request.json -v ") + stores + far);
    CHECK(missed.exit == 1);
    CHECK(contains(missed.err, "llmcache: miss (rejected)\n"));
  }
  // The other near store has a copy of the rejection.
  CHECK(shell.run("llmcache get request.json -v --store sqlite:other.db").err == "llmcache: miss (rejected)\n");
  CHECK(shell.run(kPatient + std::string("llmcache import --on-conflict replace export") + far).exit == 0);
  CHECK(shell.run(kPatient + std::string("llmcache get request.json") + far).exit == 1);
  const std::string name = shell.out("printf %s $(llmcache hash request.json)");
  const auto left = std::stol(server.command({"PTTL", name}));
  CHECK(left > 3'500'000);
  CHECK(left <= 3'600'000);
  CHECK(shell.out(run + " -- echo good") == "good\n");
  CHECK(shell.out(kPatient + std::string("llmcache get request.json") + far) == "good\n");
}
