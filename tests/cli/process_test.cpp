// The program as a process: usage errors, exit codes, JSON, pipes and files.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "cli/terminal_session.h"

using llmcache::test::contains;
using llmcache::test::TerminalSession;

TEST_CASE("wrong usage is exit 2 with one line that helps") {
  const TerminalSession shell;
  const auto check = [&](const std::string& line, const std::string& says) {
    const auto ran = shell.run(line);
    INFO(line << ": " << ran.err);
    CHECK(ran.exit == 2);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("llmcache: error: "));
    CHECK(std::ranges::count(ran.err, '\n') == 1);
    CHECK(ran.err.find(says) != std::string::npos);
  };
  check("llmcache", "no command");
  check("llmcache gte x", "did you mean 'get'?");
  check("llmcache get --mta x", "did you mean '--meta'?");
  check("llmcache ls --by", "unknown option '--by'; see 'llmcache ls --help'");
  check("llmcache rm x", "unknown command 'rm'; did you mean 'clear'?");
  check("llmcache --password=secret ls", "there is no --password: use --password-file");
  check("llmcache run curl -sS", "put -- before your command: llmcache run -- curl ...");
  check("llmcache serve npm test", "put -- before your command: llmcache serve -- npm test");
  check("llmcache ls --sort foo", "--sort: 'foo' is not one of name, age, size, expires");
  check("llmcache import --on-conflict foo", "--on-conflict: 'foo' is not one of skip, replace, fail");
  check("llmcache diff a", "usage: llmcache diff A B");
  check("llmcache diff a b c", "unexpected argument 'c'; usage: llmcache diff A B");
  check("llmcache get --wrong", "--wrong");
  check("llmcache get --ttl soon", "'soon' is not a duration");
  check("llmcache get --max-size 5X", "'5X' is not a size");
  check("llmcache get --store nonsense:", "nonsense");
  check("llmcache hash --session ''", "session");
  check("llmcache hash --ignore no-slash", "pointer");
  check("llmcache put", "stdin");
  check("llmcache help nonsense", "topics");
  check("LLMCACHE_STRICT=maybe llmcache hash", "'maybe' is not a boolean");
}

TEST_CASE("every line of JSON names its schema, and is UTF-8 whatever the names") {
  const TerminalSession shell;
  shell.write("a.json", R"({"a":1})");
  shell.write("b.json", R"({"a":2})");
  shell.run("llmcache put a.json --response b.json");
  for (const auto& [command, schema] :
       std::vector<std::pair<std::string, std::string>>{{"hash a.json", "key"},
                                                        {"hash a.json --prefix $(printf '\\377')", "key"},
                                                        {"hash a.json --explain", "explanation"},
                                                        {"diff a.json b.json", "difference"},
                                                        {"ls", "entry"},
                                                        {"show $(llmcache hash a.json)", "entry"},
                                                        {"config list", "config"},
                                                        {"doctor", "doctor"},
                                                        {"purge llmcache: --dry-run", "purge"},
                                                        {"clear $(llmcache hash b.json)", "clear"}}) {
    const auto out = shell.run("llmcache --json " + command + " | tail -n 1").out;
    CHECK(nlohmann::json::parse(out).at("schema") == "llmcache." + schema + "/1");
  }
  const auto metadata = shell.run("llmcache get --meta a.json").err;
  CHECK(nlohmann::json::parse(metadata).at("schema") == "llmcache.metadata/1");
}

TEST_CASE("with --json an error is one JSON object") {
  const TerminalSession shell;
  const auto error = nlohmann::json::parse(shell.run("echo '[]' | llmcache hash --json").err);
  CHECK(error.at("schema") == "llmcache.error/1");
  CHECK(error.at("code") == 3);
  CHECK(error.at("kind") == "bad_input");
  CHECK(error.at("retryable") == false);
  CHECK(nlohmann::json::parse(shell.run("llmcache --json gte").err).at("code") == 2);
}

TEST_CASE("a stdout that cannot be written is exit 5, and a closed pipe is quiet") {
  const TerminalSession shell;
  shell.out("seq 100000 | sed 's/.*/\"&\"/' | jq -cs . | llmcache put <(echo '{}')");
  CHECK(shell.run("echo '{}' | llmcache get > /dev/full").exit == 5);
  CHECK(shell.run("echo '{}' | llmcache hash > /dev/full").exit == 5);
  const auto ran = shell.run("echo '{}' | llmcache get | head -c 1; exit ${PIPESTATUS[1]}");
  CHECK(ran.exit == 0);
  CHECK(ran.err.empty());
}

TEST_CASE("help and version go to stdout") {
  const TerminalSession shell;
  CHECK(shell.out("llmcache --version").starts_with("llmcache 0."));
  CHECK(shell.out("llmcache --help") == shell.out("llmcache help"));
  CHECK(shell.out("llmcache get --help") == shell.out("llmcache help get"));
  // Usage and examples are lines of a shell, which are not cut.
  CHECK(shell
            .out("for command in '' $(llmcache --help | sed -n 's/^  \\([a-z]*\\) .*/\\1/p'); do llmcache $command "
                 "--help; done | "
                 "grep -v '^usage: \\|^  llmcache \\|^  .*| llmcache ' | awk 'length > 80'")
            .empty());
  for (const auto* topic : {"exit-codes", "keys", "stores", "config"}) {
    CHECK(shell.out(std::string("llmcache help ") + topic).size() > 300);
  }
}

TEST_CASE("files of the cache are for their owner only, whatever the umask") {
  const TerminalSession shell;
  shell.out("umask 0; echo '{\"a\":1}' | llmcache put <(echo '{}')");
  CHECK(shell.out("stat -c %a .cache/llmcache .cache/llmcache/cache.db") == "700\n600\n");
  CHECK(shell.run("grep -q 8a477f597d28d172789f06886806bc55 .cache/llmcache/CACHEDIR.TAG").exit == 0);
}

TEST_CASE("an unreadable file is bad input") {
  const TerminalSession shell;
  CHECK(shell.run("llmcache hash /proc/self/mem").exit == 3);
  CHECK(shell.run("llmcache run --request / -- cat").exit == 3);
  shell.write("request.json", "{}");
  CHECK(shell.run("llmcache put request.json --response no-such-file").exit == 3);
}

TEST_CASE("a damaged database is moved aside with one warning, or refused with --strict") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m"})");
  shell.out("echo '[]' | llmcache --store sqlite:cache.db put request.json");
  auto damaged = shell.read("cache.db");
  std::fill(damaged.begin() + 100, damaged.end(), 'x');
  shell.write("cache.db", damaged);
  CHECK(shell.run("echo '[]' | llmcache --strict --store sqlite:cache.db put request.json").exit == 5);
  CHECK(shell.run("llmcache --store sqlite:cache.db get request.json").exit == 5);
  CHECK(shell.read("cache.db") == damaged);
  const auto ran = shell.run("echo '[]' | llmcache --store sqlite:cache.db put request.json");
  CHECK(ran.exit == 0);
  CHECK(std::ranges::count(ran.err, '\n') == 1);
  CHECK(shell.out("cat cache.db.corrupt-*") == damaged);
  CHECK(shell.out("llmcache --store sqlite:cache.db get request.json") == "[]\n");
}

TEST_CASE("a damaged entry is a miss with a warning, and exit 6 with --strict") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m"})");
  shell.out("echo '{\"answer\":1}' | llmcache --store sqlite:cache.db put request.json");
  shell.out("sqlite3 cache.db \"update entries set value = substr(value, 1, length(value) - 1) || 'x'\"");
  const auto ran = shell.run("llmcache --store sqlite:cache.db get request.json");
  CHECK(ran.exit == 1);
  CHECK(ran.out.empty());
  CHECK(ran.err.starts_with("llmcache: warning: "));
  CHECK(shell.run("llmcache --store sqlite:cache.db get --strict request.json").exit == 6);
  for (const auto* command : {"touch request.json --ttl 1h", "reject request.json"}) {
    INFO(command);
    const auto changed = shell.run(std::string("llmcache --store sqlite:cache.db ") + command);
    CHECK(changed.exit == 1);
    CHECK(changed.err.starts_with("llmcache: warning: "));
    CHECK(shell.run(std::string("llmcache --strict --store sqlite:cache.db ") + command).exit == 6);
  }
  // ls reads no more than the beginning of an entry, but for --strict and --grep.
  shell.out("echo '{\"answer\":1}' | llmcache --store sqlite:cache.db put request.json");
  shell.out("sqlite3 cache.db 'update entries set value = substr(value, 1, length(value) - 1)'");
  for (const auto* command : {"export", "copy --to sqlite:copy.db"}) {
    INFO(command);
    CHECK(shell.run(std::string("llmcache --store sqlite:cache.db ") + command).exit == 0);
    CHECK(shell.run(std::string("llmcache --strict --store sqlite:cache.db ") + command).exit == 6);
  }
  CHECK(contains(shell.out("llmcache --store sqlite:cache.db ls"), "response"));
  for (const auto* command : {"ls", "ls --sort age", "ls --grep answer"}) {
    const auto listed = shell.run(std::string("llmcache --strict --store sqlite:cache.db ") + command);
    CHECK(listed.exit == 6);
    CHECK(listed.out.empty());
    CHECK(contains(listed.err, "is left out: it is damaged"));
  }
  shell.out("sqlite3 cache.db \"update entries set value = substr(value, 1, 60)\"");
  for (const auto* command : {"ls", "export", "copy --to sqlite:copy.db"}) {
    INFO(command);
    CHECK(shell.run(std::string("llmcache --strict --store sqlite:cache.db ") + command).exit == 6);
  }
  const auto shown = shell.run("llmcache --store sqlite:cache.db show request.json");
  CHECK(shown.exit == 1);
  CHECK(shown.err.starts_with("llmcache: warning: "));
}

TEST_CASE("show and show --raw say that there is no entry") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m"})");
  for (const auto* command :
       {"show request.json", "show --raw request.json", "show llmcache:default_00000000000000000000000000000000"}) {
    INFO(command);
    const auto ran = shell.run(std::string("llmcache --store sqlite:cache.db ") + command);
    CHECK(ran.exit == 1);
    CHECK(contains(ran.err, "there is no entry llmcache:default_"));
  }
}
