// Passwords of stores: sources that hang or fail, and where a password may not appear.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "cli/terminal_session.h"

using llmcache::test::TerminalSession;

namespace {

constexpr const char* kStore = "--store redis://127.0.0.1:1";

}  // namespace

TEST_CASE("a password source that hangs is ended by the deadline, and COMMAND runs") {
  const TerminalSession shell;
  shell.out("mkfifo pipe");
  shell.write("hang.sh", "sleep 100; true\n");
  for (const auto* source : {"--password-command 'sleep 100'", "--password-command 'sh hang.sh'",
                             "--password-file pipe", "--password-file <(sleep 100)"}) {
    INFO(source);
    const std::string options = fmt::format("{} {} --deadline 200ms", kStore, source);
    const auto got = shell.run("echo '{}' | timeout 20 llmcache get " + options);
    CHECK(got.exit == 4);
    CHECK(got.err.find("within the deadline") != std::string::npos);
    const auto ran = shell.run("echo '{\"model\":\"m\"}' | timeout 20 llmcache run " + options + " -- echo started");
    CHECK(ran.exit == 0);
    CHECK(ran.out == "started\n");
    CHECK(std::ranges::count(ran.err, '\n') == 1);
  }
}

TEST_CASE("a password source that fails does not prevent COMMAND from running, except with --strict") {
  const TerminalSession shell;
  for (const auto* source :
       {"--password-command false", "--password-command no-such-program", "--password-command true",
        "--password-file nowhere", "--password-file /", "--password-file /dev/zero"}) {
    INFO(source);
    const std::string options = fmt::format("{} {}", kStore, source);
    CHECK(shell.run("echo '{}' | timeout 20 llmcache get " + options).exit == 2);
    const auto ran =
        shell.run("echo '{\"model\":\"m\"}' | timeout 20 llmcache run " + options + " -- sh -c 'echo started; exit 3'");
    CHECK(ran.exit == 3);
    CHECK(ran.out == "started\n");
    CHECK(ran.err.find("running without the cache") != std::string::npos);
    CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run --strict " + options + " -- echo started").out.empty());
    CHECK(
        shell.run("echo '{\"model\":\"m\"}' | llmcache run --mode replay " + options + " -- echo started").out.empty());
  }
}

TEST_CASE("COMMAND does not inherit the password") {
  const TerminalSession shell;
  for (const auto* options : {"", "--mode off", "--store redis://127.0.0.1:1 -q", "--store memory:"}) {
    const auto ran = shell.run(fmt::format(
        "echo '{{\"model\":\"m\"}}' | LLMCACHE_PASSWORD=s3cret LLMCACHE_TTL=1h llmcache run {} -- env", options));
    CHECK(ran.out.find("s3cret") == std::string::npos);
    CHECK(ran.out.find("LLMCACHE_TTL=1h") != std::string::npos);
  }
  CHECK(shell.run(fmt::format("LLMCACHE_PASSWORD=s3cret llmcache ls {} --password-command 'sh -c env>seen'", kStore))
            .err.find("s3cret") == std::string::npos);
}

TEST_CASE("no message repeats a password") {
  const TerminalSession shell;
  for (const auto* arguments :
       {"--store redis://u:7s3cret", "--store redis://:s3cret@h:x", "--store redis://u:s3cret@h/y",
        "--store 'redis://h?password=s3cret'", "--store redis://u:s3cret@h:1:2", "--store u:s3cret@h",
        "--password=s3cret", "--password s3cret", "--pasword=s3cret",
        "--store rediss://u:s3cret@127.0.0.1:1 --cacert nowhere"}) {
    for (const auto* command : {"ls", "config list", "config list --json", "doctor", "get request.json"}) {
      const auto ran = shell.run(fmt::format("echo '{{}}' > request.json; llmcache {} {}", command, arguments));
      INFO(command << " " << arguments << ": " << ran.out << ran.err);
      CHECK((ran.out + ran.err).find("s3cret") == std::string::npos);
    }
  }
  for (const auto* option : {"--password", "--pasword", "--token"}) {
    const auto ran = shell.run(fmt::format("llmcache {} s3cret ls", option));
    CHECK(ran.exit == 2);
    CHECK(ran.err.find(option) != std::string::npos);
    CHECK(ran.err.find("s3cret") == std::string::npos);
  }
}
