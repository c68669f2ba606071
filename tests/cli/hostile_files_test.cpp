// Unexpected files wherever the program reads one: a cloned repository may contain anything.
#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "cli/terminal_session.h"
#include "support/needs.h"

using llmcache::test::TerminalSession;

namespace {

// `line` may not take long: `timeout` ends it with 124.
llmcache::test::Ran quickly(const TerminalSession& shell, const std::string& line) {
  return shell.run(llmcache::test::limit_memory(4'000'000) + "timeout 20 bash -c '" + line + "'");
}

}  // namespace

TEST_CASE("a hostile project file is refused at once, and reads nothing else") {
  const TerminalSession shell;
  shell.write("project/request.json", R"({"model":"m"})");
  shell.write("other.json", R"({"ttl":"7h"})");
  const auto check = [&](const std::string& make_file, const std::string& says) {
    shell.out("cd project && rm -f .llmcache.json && " + make_file);
    for (const auto* command :
         {"llmcache hash < request.json", "llmcache run -- echo started < request.json", "llmcache config list"}) {
      const auto ran = quickly(shell, std::string("cd project && ") + command);
      INFO(make_file << ", " << command << ": " << ran.err.substr(0, 500));
      CHECK(ran.exit == 2);
      CHECK(ran.err.find(".llmcache.json: " + says) != std::string::npos);
      CHECK(ran.err.size() < 1000);
    }
  };
  check("mkfifo .llmcache.json", "is not a regular file");
  check("ln -s /proc/self/fd/0 .llmcache.json", "is a symbolic link");
  check("ln -s /dev/zero .llmcache.json", "is a symbolic link");
  check("ln -s ../other.json .llmcache.json", "is a symbolic link");
  check("mkdir .llmcache.json.d && ln -s .llmcache.json.d .llmcache.json", "is a symbolic link");
  check("truncate -s 2M .llmcache.json", "is larger than 1024 KiB");
  check("{ printf '{\"k\":'; head -c 500000 /dev/zero | tr '\\0' '['; } > .llmcache.json", "more than 32 levels deep");
  check("{ printf '{\"k\":'; yes '{\"a\":' | head -n 100000 | tr -d '\\n'; } > .llmcache.json", "more than 32 levels");
  check("echo '{\"ttl\":1e400}' > .llmcache.json", "holds a number that is out of range");
  check("echo '[]' > .llmcache.json", "is not a JSON object");
}

TEST_CASE("a project file of another owner is refused") {
  const TerminalSession shell;
  if (geteuid() != 0) support::cannot_run("only root can give a file away");
  shell.write("project/.llmcache.json", R"({"ttl":"7h"})");
  shell.out("chown 12345 project/.llmcache.json");
  CHECK(shell.run("cd project && llmcache config get ttl").err.find("belongs to another user") != std::string::npos);
  shell.out("chown 12345 project");
  CHECK(shell.out("cd project && llmcache config get ttl") == "5m\n");
}

TEST_CASE("an unknown key of any length costs one short warning") {
  const TerminalSession shell;
  shell.write("project/.llmcache.json", nlohmann::json{{std::string(900'000, 'k'), 1}, {"tll", 1}}.dump());
  const auto ran = quickly(shell, "cd project && llmcache config get ttl");
  CHECK(ran.exit == 0);
  CHECK(ran.err.size() < 1000);
  CHECK(ran.err.find("unknown key 'kkkk") != std::string::npos);
  CHECK(ran.err.find("did you mean 'ttl'?") != std::string::npos);
  const auto variable = quickly(shell, "export LLMCACHE_$(printf X%.0s $(seq 50000))=1; llmcache config get ttl");
  CHECK(variable.exit == 0);
  CHECK(variable.err.size() < 1000);
}

TEST_CASE("a file named with --config may be a pipe, but not endless, huge or silent") {
  const TerminalSession shell;
  CHECK(shell.out("llmcache --config <(echo '{\"ttl\":\"7h\"}') config get ttl") == "7h\n");
  CHECK(quickly(shell, "llmcache --config /dev/zero config get ttl").exit == 2);
  CHECK(quickly(shell, "llmcache --config <(yes) config get ttl").exit == 2);
  const auto silent = quickly(shell, "mkfifo pipe; llmcache --config pipe --deadline 100ms config get ttl");
  CHECK(silent.exit == 4);
  CHECK(silent.err == "llmcache: error: pipe: not read within the deadline\n");
  shell.write("plugin.json", R"({"addr":"localhost:6379","ttl":1e400})");
  CHECK(shell.run("llmcache --config plugin.json config get ttl").exit == 2);
  shell.out("mkdir -p .config/llmcache; ln -s /dev/zero .config/llmcache/config.json");
  CHECK(quickly(shell, "llmcache config get ttl").err.find("is not a regular file") != std::string::npos);
}

TEST_CASE("a relative path in a file is relative to that file") {
  const TerminalSession shell;
  shell.write("sub/deep/.keep", "");
  shell.write("sub/config.json", R"({"store": ["sqlite:a.db?read_only=1", "sqlite:/b.db", "sqlite:", "redis://h"],
      "cacert": "ca.pem", "client_key": "/key.pem", "password_file": "secret"})");
  const std::string directory = (shell.home() / "sub/").string();
  const auto get = [&](const std::string& name) {
    return shell.out("cd sub/deep && llmcache --config ../config.json config get " + name);
  };
  CHECK(get("store") == "sqlite:" + directory + "a.db?read_only=1\nsqlite:/b.db\nsqlite:\nredis://h:6379\n");
  CHECK(get("cacert") == directory + "ca.pem\n");
  CHECK(get("client_key") == "/key.pem\n");
  CHECK(get("password_file") == directory + "secret\n");
  CHECK(shell.out("llmcache --cacert ca.pem config get cacert") == "ca.pem\n");
  CHECK(shell.out("LLMCACHE_STORE=sqlite:a.db llmcache config get store") == "sqlite:a.db\n");
}
