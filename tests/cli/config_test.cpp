#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "cli/terminal_session.h"

using llmcache::test::TerminalSession;

TEST_CASE("a flag takes precedence over a variable, then the project's file, the user's file, and the default") {
  const TerminalSession shell;
  const auto ttl = [&](const std::string& variables, const std::string& flags) {
    const std::string row =
        shell.out("cd project/deep && " + variables + " llmcache config list --origin " + flags + " | grep ^ttl");
    return row;
  };
  shell.write("project/deep/.keep", "");
  CHECK(ttl("", "") == "ttl\t5m\tdefault\n");
  shell.write(".config/llmcache/config.json", R"({"ttl": "1h"})");
  CHECK(ttl("", "") == "ttl\t1h\t" + (shell.home() / ".config/llmcache/config.json").string() + "\n");
  shell.write("project/.llmcache.json", "{ // comments are fine\n \"ttl\": 90 }");
  CHECK(ttl("", "") == "ttl\t90\t" + (shell.home() / "project/.llmcache.json").string() + "\n");
  CHECK(ttl("LLMCACHE_TTL=2h", "") == "ttl\t2h\tenvironment\n");
  CHECK(ttl("LLMCACHE_TTL=2h", "--ttl 3h") == "ttl\t3h\tflag\n");
}

TEST_CASE("the last value of a setting that is given twice counts, and config shows it") {
  const TerminalSession shell;
  CHECK(shell.out("llmcache --ttl 1h --ttl 2h config get ttl") == "2h\n");
  CHECK(shell.out("llmcache --ttl 1h --ttl 2h config list | grep ^ttl") == "ttl\t2h\n");
  CHECK(shell.out("llmcache --ignore /a --ignore /b config get ignore") == "/a\n/b\n");
}

TEST_CASE("the search for a project's file stops at a .git and at the home directory") {
  const TerminalSession shell;
  shell.write(".llmcache.json", R"({"ttl": "1h"})");
  shell.write("project/.git/config", "");
  shell.write("project/sub/.keep", "");
  CHECK(shell.out("cd project/sub && llmcache config get ttl") == "5m\n");
  CHECK(shell.out("llmcache config get ttl") == "5m\n");
  shell.write("project/.llmcache.json", R"({"ttl": "2h"})");
  CHECK(shell.out("cd project/sub && llmcache config get ttl") == "2h\n");
}

TEST_CASE("a project's file may not set the store unless the user trusts its directory") {
  const TerminalSession shell;
  shell.write("project/.llmcache.json", R"({"store": "sqlite:stolen.db", "session": "mine", "trusted_dirs": ["/"]})");
  const auto ran = shell.run("cd project && llmcache config get store");
  CHECK(ran.out == "sqlite:\n");
  CHECK(ran.err.find("'store' is ignored") != std::string::npos);
  CHECK(ran.err.find("'trusted_dirs' is ignored") != std::string::npos);
  CHECK(shell.run("cd project && llmcache config get session").out == "mine\n");
  shell.write(".config/llmcache/config.json", "{\"trusted_dirs\": [\"" + (shell.home() / "project").string() + "\"]}");
  CHECK(shell.run("cd project && llmcache config get store").out ==
        "sqlite:" + (shell.home() / "project/stolen.db").string() + "\n");
}

TEST_CASE("a store below ~ is in the home directory, wherever its URL was given") {
  const TerminalSession shell;
  shell.write("r.json", R"({"model":"m"})");
  const std::string put = "cd project && echo '{\"a\":1}' | llmcache put ../r.json ";
  shell.write("project/.keep", "");
  shell.out(put + "--store sqlite:~/one.db");
  shell.out(put + "--store dir:~/two");
  shell.write(".config/llmcache/config.json", R"({"store": "sqlite:~/three.db"})");
  shell.out(put);
  CHECK(shell.out("ls -d one.db two three.db") == "one.db\nthree.db\ntwo\n");
  CHECK(shell.run("test -e project/~").exit != 0);
}

TEST_CASE("unknown keys and variables cause warnings with the nearest known name") {
  const TerminalSession shell;
  shell.write(".config/llmcache/config.json", R"({"tll": "1h"})");
  const auto ran = shell.run("LLMCACHE_SESION=x llmcache config get ttl");
  CHECK(ran.exit == 0);
  CHECK(ran.err.find("unknown key 'tll'; did you mean 'ttl'?") != std::string::npos);
  CHECK(ran.err.find("LLMCACHE_SESION; did you mean LLMCACHE_SESSION?") != std::string::npos);
}

TEST_CASE("a file given with --config is read alone, and a bad file is a configuration error") {
  const TerminalSession shell;
  shell.write(".config/llmcache/config.json", R"({"ttl": "1h", "session": "s"})");
  shell.write("other.json", R"({"ttl": "never", "ignore": ["/a", "/b"]})");
  CHECK(shell.out("llmcache --config other.json config get ttl") == "never\n");
  CHECK(shell.out("llmcache config get session --config other.json") == "default\n");
  CHECK(shell.out("LLMCACHE_CONFIG=other.json llmcache config get ignore") == "/a\n/b\n");
  shell.write("bad.json", "{ nonsense");
  CHECK(shell.run("llmcache --config bad.json config list").exit == 2);
  CHECK(shell.run("llmcache --config missing.json config list").exit == 2);
  const auto directory = shell.run("llmcache --config .config config list");
  CHECK(directory.exit == 2);
  CHECK(directory.err == "llmcache: error: .config: is a directory\n");
  shell.write("bad.json", R"({"ttl": "soon"})");
  CHECK(shell.run("llmcache --config bad.json config list").err.find("ttl") != std::string::npos);
}

TEST_CASE("help and completion read no configuration file, however bad") {
  const TerminalSession shell;
  shell.write("bad.json", R"({"ttl": "soon", "unknown": 1})");
  for (const auto* command : {"help", "help config", "help get", "completion bash"}) {
    const auto ran = shell.run(std::string("LLMCACHE_CONFIG=bad.json llmcache ") + command);
    INFO(command << ": " << ran.err);
    CHECK(ran.exit == 0);
    CHECK(ran.err.empty());
  }
}

TEST_CASE("a password in the store's URL is never shown") {
  const TerminalSession shell;
  const std::string store = "--store redis://user:s3cret@127.0.0.1:1/0";
  for (const auto* command : {"config list", "config get store", "config list --json", "config list --origin"}) {
    const auto ran = shell.run("llmcache " + store + " " + command);
    CHECK(ran.out.find("***") != std::string::npos);
    CHECK((ran.out + ran.err).find("s3cret") == std::string::npos);
  }
  const auto ran = shell.run("echo '{}' | llmcache get " + store);
  CHECK((ran.out + ran.err).find("s3cret") == std::string::npos);
}

TEST_CASE("the completion scripts are accepted by their shells and know every command") {
  const TerminalSession shell;
  for (const auto* name : {"bash", "zsh", "fish"}) {
    shell.out(std::string("llmcache completion ") + name + " > script && " + name + " -n script");
    for (const auto* command : {"run", "get", "put", "replay", "hash", "ls", "show", "clear", "purge", "config"}) {
      CHECK(shell.read("script").find(command) != std::string::npos);
    }
  }
  CHECK(shell.run("llmcache completion tcsh").exit == 2);
}

TEST_CASE("bash completes commands and options") {
  const TerminalSession shell;
  const auto complete = [&](const std::string& words) {
    return shell.out("source <(llmcache completion bash); COMP_WORDS=(" + words +
                     "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _llmcache; echo ${COMPREPLY[*]}");
  };
  CHECK(complete("llmcache pur") == "purge\n");
  CHECK(complete("llmcache get --wh") == "--why\n");
  CHECK(complete("llmcache --sess") == "--session\n");
  CHECK(complete("llmcache --color al") == "always\n");
  CHECK(complete("llmcache --session x pur") == "purge\n");
  CHECK(complete("llmcache --store ru") == "\n");
  CHECK(complete("llmcache run --mode ref") == "refresh\n");
  CHECK(complete("llmcache replay --as nd") == "ndjson\n");
  CHECK(complete("llmcache serve --mode re") == "replay refresh\n");
  CHECK(complete("llmcache serve --session-from a") == "authorization\n");
  CHECK(complete("llmcache config li") == "list\n");
  CHECK(complete("llmcache completion z") == "zsh\n");
  CHECK(complete("llmcache help exit") == "exit-codes\n");
  shell.write("request.json", "{}");
  CHECK(complete("llmcache get req") == "request.json\n");
  CHECK(complete("llmcache get --key req") == "\n");
  CHECK(complete("llmcache --config req") == "request.json\n");
  CHECK(complete("llmcache run -- req") == "request.json\n");
  CHECK(complete("llmcache run -- --sess") == "\n");
  shell.out("echo answer | llmcache put request.json --session team-a --no-model");
  const std::string hash = shell.out("llmcache hash --hash-only request.json").substr(0, 8);
  CHECK(complete("llmcache ls --session te") == "team-a\n");
  CHECK(complete("llmcache show " + hash.substr(0, 3)) == hash + "\n");
  CHECK(complete("llmcache show --key " + hash.substr(0, 3)) == hash + "\n");
  CHECK(complete("llmcache put " + hash.substr(0, 3)) == "\n");
  // Bash splits a word at its equals sign.
  CHECK(complete("llmcache run --mode = ref") == "refresh\n");
  CHECK(complete("llmcache --color =") == "auto always never\n");
  CHECK(complete("llmcache --session = x pur") == "purge\n");
  CHECK(complete("llmcache config get tt") == "ttl\n");
  CHECK(complete("llmcache --store = dir : req") == "request.json\n");
  CHECK(complete("llmcache --store = redis : //h : 1 pur") == "purge\n");
  for (const char* store : {"--store", "--store ="}) {
    CHECK(complete("llmcache " + std::string(store) + " memory: show " + hash.substr(0, 3)) == "\n");
  }
}

TEST_CASE("zsh and fish get the sessions and short hashes of the store from the same function") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m"})");
  shell.out("echo answer | llmcache put request.json --session team-a");
  const std::string hash = shell.out("llmcache hash --hash-only request.json").substr(0, 8) + "\n";
  const std::string ask = "_llmcache_stored session 256; _llmcache_stored hash 8";
  CHECK(shell.out("llmcache completion fish > script; fish -c 'source script; " + ask + "'") == "team-a\n" + hash);
  shell.out("(llmcache completion zsh | grep -v '^if ') > script");
  CHECK(shell.out("zsh -c 'source ./script; " + ask + "'") == "team-a\n" + hash);
}

TEST_CASE("an empty variable counts as unset") {
  const TerminalSession shell;
  CHECK(shell.out("LLMCACHE_TTL= LLMCACHE_STORE= LLMCACHE_CONFIG= llmcache config get ttl") == "5m\n");
}

TEST_CASE("a syntax error in a configuration file is reported with its line and column") {
  const TerminalSession shell;
  shell.write("config.json", "{\n\"ttl\": }\n");
  CHECK(shell.run("llmcache --config config.json ls").err.find("config.json:2:8: invalid JSON: unexpected '}'") !=
        std::string::npos);
}
