#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>

#include "cli/terminal_session.h"

using llmcache::test::contains;
using llmcache::test::TerminalSession;

namespace {

void fill(const TerminalSession& shell, const std::string& options, int count = 3) {
  shell.out(
      "for i in $(seq " + std::to_string(count) +
      "); do echo '{\"object\":\"chat.completion\",\"model\":\"m'$i'\",\"choices\":[{\"finish_reason\":\"stop\"}]}' | "
      "llmcache put " +
      options + " <(echo '{\"n\":'$i'}'); done");
}

std::string count(const TerminalSession& shell) {
  return shell.out("llmcache ls '' -0 | tr -dc '\\0' | wc -c");
}

}  // namespace

TEST_CASE("purging an empty prefix is a usage error and removes nothing") {
  const TerminalSession shell;
  fill(shell, "");
  CHECK(shell.run("llmcache purge --yes").exit == 2);
  CHECK(shell.run("llmcache purge '' --yes").exit == 2);
  CHECK(count(shell) == "3\n");
  CHECK(shell.run("llmcache purge --all --yes").exit == 0);
  CHECK(count(shell) == "0\n");
}

TEST_CASE("without a terminal a purge needs --yes") {
  const TerminalSession shell;
  fill(shell, "");
  const auto ran = shell.run("llmcache purge llmcache:");
  CHECK(ran.exit == 2);
  CHECK(count(shell) == "3\n");
  CHECK(shell.run("llmcache purge llmcache: --yes").exit == 0);
  CHECK(shell.run("llmcache purge llmcache: --yes").exit == 1);
}

TEST_CASE("with a filter a purge needs no PREFIX: it defaults to the prefix setting") {
  const TerminalSession shell;
  fill(shell, "--session team");
  fill(shell, "--session team_A");
  fill(shell, "--prefix other: --session team");
  CHECK(shell.run("llmcache purge --session team").exit == 2);
  CHECK(count(shell) == "9\n");
  CHECK(shell.run("llmcache purge --session team --yes").exit == 0);
  CHECK(count(shell) == "6\n");
  CHECK(shell.out("llmcache purge --prefix other: --model 'm[12]' --dry-run | wc -l") == "2\n");
  CHECK(shell.run("llmcache purge --session none --yes").exit == 1);
  CHECK(shell.run("LLMCACHE_SESSION=team_A llmcache purge --yes").exit == 2);
  CHECK(shell.run("llmcache purge --compat bifrost --model 'm*' --yes").exit == 2);
  CHECK(count(shell) == "6\n");
}

TEST_CASE("a dry run with --json prints an object for each name, and the totals") {
  const TerminalSession shell;
  fill(shell, "--session a", 2);
  const std::string rows = shell.out("llmcache purge --session a --dry-run --json");
  CHECK(shell.out("llmcache purge --session a --dry-run --json | jq -r 'select(.name).name' | sort") ==
        shell.out("llmcache ls -0 | tr '\\0' '\\n' | sort"));
  CHECK(rows.find("\"schema\":\"llmcache.purge/1\",\"dry_run\":true,\"entries\":2,") != std::string::npos);
  CHECK(count(shell) == "2\n");
}

TEST_CASE("glob characters in a prefix are ordinary characters") {
  const TerminalSession shell;
  fill(shell, "--prefix 'pre[x]:*'");
  fill(shell, "--prefix 'prex:*'");
  CHECK(shell.out("llmcache purge 'pre[x]:*' --dry-run | wc -l") == "3\n");
  shell.out("llmcache purge 'pre[x]:*' --yes");
  CHECK(shell.out("llmcache ls prex -0 | tr -dc '\\0' | wc -c") == "3\n");
  CHECK(count(shell) == "3\n");
}

TEST_CASE("a dry run lists exactly the entries that the real run removes") {
  const TerminalSession shell;
  fill(shell, "--session a", 5);
  fill(shell, "--session b", 2);
  shell.out("llmcache ls -0 | tr '\\0' '\\n' | sort > before");
  shell.out("llmcache purge llmcache:a --dry-run | sort > promised");
  const std::string said = shell.run("llmcache purge llmcache:a --dry-run").err;
  const std::string done = shell.run("llmcache purge llmcache:a --yes").err;
  CHECK(done == "removed" + said.substr(std::string("would remove").size()));
  shell.out("llmcache ls -0 | tr '\\0' '\\n' | sort > after");
  CHECK(shell.out("comm -23 before after") == shell.read("promised"));
}

TEST_CASE("a purge can be narrowed to a session, a model and an age, and bounded in number") {
  const TerminalSession shell;
  fill(shell, "--session a");
  fill(shell, "--session b");
  CHECK(shell.out("llmcache purge llmcache: --session a --dry-run | wc -l") == "3\n");
  CHECK(shell.out("llmcache purge llmcache: --model 'm[12]' --dry-run | wc -l") == "4\n");
  CHECK(shell.out("llmcache purge llmcache: --model m3 --session b --dry-run | wc -l") == "1\n");
  CHECK(shell.out("llmcache purge llmcache: --session b --dry-run | sort") ==
        shell.out("llmcache ls --session b | cut -f1 | sort"));
  CHECK(shell.run("llmcache purge llmcache: --older-than 1h --yes").exit == 1);
  CHECK(shell.out("faketime '+4 minutes' llmcache purge llmcache: --older-than 3m --dry-run | wc -l") == "6\n");
  const auto too_many = shell.run("llmcache purge llmcache: --max-delete 2 --yes");
  CHECK(too_many.exit == 7);
  CHECK(contains(too_many.err, "6 entries would be removed, more than 2"));
  CHECK(contains(shell.run("llmcache purge 'llmcache:d*' --yes").err, "removed 0 entries"));
  CHECK(contains(shell.run("llmcache purge 'default*' --yes").err, "PREFIX is taken literally"));
  CHECK(count(shell) == "6\n");
  CHECK(shell.out("llmcache purge llmcache: --max-delete 6 --rate 100000/s --yes --json").find("\"entries\":6") !=
        std::string::npos);
}

TEST_CASE("on a terminal a purge asks, and takes no for an answer") {
  const TerminalSession shell;
  fill(shell, "");
  const auto asked = shell.run("echo n | script -qec 'llmcache purge llmcache:' /dev/null");
  CHECK(asked.out.find("Remove 3 entries") != std::string::npos);
  CHECK(asked.out.find("under 'llmcache:' from sqlite:") != std::string::npos);
  CHECK(shell.run("script -qec 'llmcache purge other:' /dev/null < /dev/null").out.find("Remove") == std::string::npos);
  CHECK(count(shell) == "3\n");
  shell.run("echo y | script -qec 'llmcache purge llmcache:' /dev/null");
  CHECK(count(shell) == "0\n");
}

TEST_CASE("a purge with --json reports its progress as lines of JSON on stderr") {
  const TerminalSession shell;
  fill(shell, "");
  const auto ran = shell.run("llmcache purge llmcache: --yes --json");
  CHECK(ran.exit == 0);
  CHECK(shell.run("test $(llmcache ls | wc -l) = 0").exit == 0);
  CHECK(ran.out.starts_with("{\"schema\":\"llmcache.purge/1\",\"dry_run\":false,\"entries\":3,"));
  CHECK(ran.err.starts_with("{\"schema\":\"llmcache.progress/1\",\"done\":0,\"total\":3}\n"));
  CHECK(ran.err.find("\"done\":3,\"total\":3") != std::string::npos);
}

TEST_CASE("a purge on a terminal draws a bar and takes it away") {
  const TerminalSession shell;
  fill(shell, "");
  shell.out("script -qec 'llmcache purge llmcache: --yes' /dev/null > shown");
  CHECK(shell.read("shown").find("] 0 of 3") != std::string::npos);
  CHECK(shell.read("shown").find("\r\x1b[Kremoved 3 entries") != std::string::npos);
  fill(shell, "");
  shell.out("script -qec 'llmcache purge llmcache: --yes -q' /dev/null > shown");
  CHECK(shell.read("shown").empty());
}

TEST_CASE("a purge that is interrupted says how much it has removed") {
  const TerminalSession shell;
  for (const auto& [signal, exit] : {std::pair("INT", 130), std::pair("TERM", 143)}) {
    fill(shell, "", 4);
    const auto ran = shell.run(
        fmt::format("timeout --preserve-status -s {} 0.3 llmcache purge llmcache: --yes --json --rate 5/s", signal));
    CHECK(ran.exit == exit);
    const auto removed = 4 - std::stoi(count(shell));
    CHECK(ran.out.find(fmt::format("\"dry_run\":false,\"entries\":{},", removed)) != std::string::npos);
    CHECK(ran.err.find("interrupted; run the same again for the rest") != std::string::npos);
  }
}

TEST_CASE("a purge that was broken off goes on when it is run again") {
  const TerminalSession shell;
  fill(shell, "", 4);
  // Four entries at five a second take longer than either is given.
  CHECK(shell.run("timeout -s KILL 0.3 llmcache purge llmcache: --yes --rate 5/s").exit == 137);
  CHECK(shell.run("llmcache purge llmcache: --yes --rate 5/s --deadline 300ms").exit == 4);
  CHECK(shell.run("llmcache purge llmcache: --yes").exit == 0);
  CHECK(count(shell) == "0\n");
}

TEST_CASE("purge, import and copy do not wait for ever for a database that another process has locked") {
  const TerminalSession shell;
  fill(shell, "");
  shell.out("llmcache export > all.jsonl; llmcache copy --to sqlite:other.db");
  const std::string lock =
      "python3 -c 'import sqlite3, sys, time; c = sqlite3.connect(\"other.db\", isolation_level=None); "
      "c.execute(\"BEGIN IMMEDIATE\"); open(\"locked\", \"w\"); time.sleep(60)' & locker=$!; "
      "while ! [ -e locked ]; do sleep 0.01; done; ";
  const auto ran = shell.run(lock +
                             "for command in 'purge --all --yes' 'import all.jsonl --on-conflict replace'; do "
                             "llmcache --store sqlite:other.db $command & commands=\"$commands $!\"; done; "
                             "llmcache copy --to sqlite:other.db --on-conflict replace & commands=\"$commands $!\"; "
                             "for command in $commands; do wait $command; echo $?; done; kill $locker");
  CHECK(ran.out == "4\n4\n4\n");
  CHECK(contains(ran.err, "locked"));
}
