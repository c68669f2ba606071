// doctor: its output and its exit code. The findings are tested with the stores.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "cli/terminal_session.h"
#include "support/redis_server.h"

using llmcache::test::contains;
using llmcache::test::kPatient;
using llmcache::test::TerminalSession;

TEST_CASE("doctor checks the configuration and each store, line by line") {
  const TerminalSession shell;
  support::RedisServer server;
  const auto ran = shell.run(kPatient + std::string("llmcache doctor --store sqlite: --store ") + server.url());
  CHECK(ran.exit == 0);
  CHECK(contains(ran.out, "configuration\n[PASS] settings: "));
  CHECK(contains(ran.out, "cache.db\n[PASS] file: "));
  CHECK(contains(ran.out, server.url() + "\n[PASS] connection: "));
  CHECK(contains(ran.out, "\n[WARN] memory: "));
  CHECK(contains(ran.out, "\n       set maxmemory, "));
}

TEST_CASE("a failure is exit 1, with advice") {
  const TerminalSession shell;
  const auto ran = shell.run("llmcache doctor --store redis://127.0.0.1:1");
  CHECK(ran.exit == 1);
  CHECK(contains(ran.out, "[FAIL] connection: cannot connect to 127.0.0.1:1"));
  CHECK(shell.run("llmcache doctor --store nonsense").exit == 2);
}

TEST_CASE("doctor warns of problems in the configuration") {
  const TerminalSession shell;
  shell.write(".config/llmcache/config.json", R"({"tll": "1h"})");
  const auto ran = shell.run("LLMCACHE_SESION=x llmcache doctor --store redis://:secret@cache.invalid");
  CHECK(contains(ran.out, "[WARN] settings: "));
  CHECK(contains(ran.out, "did you mean 'ttl'?"));
  CHECK(contains(ran.out, "did you mean LLMCACHE_SESSION?"));
  CHECK(contains(ran.out, "[WARN] store: redis://:***@cache.invalid:6379 holds a password"));
  CHECK(contains(ran.out, "set --session"));
  CHECK_FALSE(contains(ran.out + ran.err, "secret"));
}

TEST_CASE("doctor finds settings with which no key can be derived") {
  const TerminalSession shell;
  shell.write(".config/llmcache/config.json", R"({"ignore": 5})");
  const auto ran = shell.run("llmcache doctor");
  CHECK(ran.exit == 1);
  CHECK(contains(ran.out, "[FAIL] keys: malformed JSON pointer \"5\""));
  CHECK(contains(shell.run("echo '{}' | llmcache hash -").err, "malformed JSON pointer"));
}

TEST_CASE("with --json each finding is one object on a line") {
  const TerminalSession shell;
  const std::string lines = shell.out("llmcache doctor --json");
  CHECK(std::ranges::count(lines, '\n') > 1);
  const auto first = nlohmann::json::parse(lines.substr(0, lines.find('\n')));
  CHECK(first["schema"] == "llmcache.doctor/1");
  CHECK(first["about"] == "configuration");
  CHECK(first["grade"] == "pass");
}

TEST_CASE("doctor reports settings that cannot be read as a failed check") {
  const TerminalSession shell;
  for (const char* const file : {"{\"ttl\":\"1 hour\"}", "{"}) {
    shell.write(".config/llmcache/config.json", file);
    const auto ran = shell.run("llmcache doctor");
    CHECK(ran.exit == 1);
    CHECK(contains(ran.out, "[FAIL] settings: "));
    CHECK(contains(shell.run("llmcache doctor --json").out, R"("grade":"fail")"));
    CHECK(shell.run("llmcache ls").exit == 2);
  }
  shell.out("rm .config/llmcache/config.json");
  CHECK(shell.run("LLMCACHE_TTL=x llmcache doctor").exit == 1);
  CHECK(shell.run("llmcache doctor --no-such-option").exit == 2);
}
