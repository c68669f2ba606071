// run --lines: requests, commands, stores and outputs that fail, and signals.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "cli/terminal_session.h"

using llmcache::test::contains;
using llmcache::test::TerminalSession;
using nlohmann::json;

namespace {

std::vector<json> results(const std::string& text) {
  std::vector<json> parsed;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) parsed.push_back(json::parse(line));
  return parsed;
}

// Shell code that prints the requests 1 to `count`.
std::string requests(int count) {
  return fmt::format("for i in $(seq {}); do echo '{{\"model\":\"m\",\"i\":'$i'}}'; done", count);
}

// A COMMAND that answers the request 1 and waits in every other; it writes its process number into the file "pids".
constexpr const char* kWaiting = R"(#!/bin/bash
[[ $(cat) == *'"i":1}' ]] && echo '{"done":1}' && exit
echo $$ >> pids
exec sleep 60
)";

}  // namespace

TEST_CASE("a line that is not a request is invalid, starts no COMMAND, and does not stop the others") {
  const TerminalSession shell;
  shell.write("requests", "{\"model\":\"a\"}\r\n\nnot json\n[]\n  {\"model\":\"b\"}");
  const auto ran = shell.run("llmcache run --lines --request requests -- sh -c 'echo x >> calls; echo hi'");
  CHECK(ran.exit == 1);
  const auto lines = results(ran.out);
  REQUIRE(lines.size() == 5);
  for (const std::size_t i : {1, 2, 3}) {
    INFO(lines[i].dump());
    CHECK(lines[i]["line"] == i + 1);
    CHECK(lines[i]["outcome"] == "invalid");
    CHECK(lines[i]["key"].is_null());
    CHECK(lines[i]["exit"] == 3);
    CHECK(lines[i]["answer"].is_null());
    CHECK_FALSE(lines[i]["reason"].get<std::string>().empty());
  }
  CHECK(lines[0]["outcome"] == "stored");
  CHECK(lines[4]["outcome"] == "stored");
  CHECK(shell.read("calls") == "x\nx\n");
  CHECK(ran.err == "5 lines: 2 stored, 3 invalid\n");
  CHECK(shell.run("llmcache run --lines --mode off -- cat < requests").exit == 1);
}

TEST_CASE("an answer that is not stored is refused, which is not a failure, and its reason is given") {
  const TerminalSession shell;
  const auto ran =
      shell.run("echo '{\"model\":\"m\"}' | llmcache run --lines -- echo '{\"error\":{\"message\":\"no\"}}'");
  CHECK(ran.exit == 0);
  const auto line = results(ran.out).at(0);
  CHECK(line["outcome"] == "refused");
  CHECK(line["exit"] == 0);
  CHECK(line["answer"]["error"]["message"] == "no");
  CHECK(line["reason"].is_string());
  CHECK(ran.err == "1 line: 1 refused\n");
  CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run --lines -q -- echo '{\"error\":{}}'").err.empty());
}

TEST_CASE("what a COMMAND that failed has printed is the answer of its line") {
  const TerminalSession shell;
  const auto ran = shell.run("echo '{\"model\":\"m\"}' | llmcache run --lines -v -- sh -c 'echo partly; exit 9'");
  CHECK(ran.exit == 1);
  const auto line = results(ran.out).at(0);
  CHECK(line["outcome"] == "failed");
  CHECK(line["exit"] == 9);
  CHECK(line["answer"] == "partly\n");
  CHECK(contains(ran.err, "llmcache: line 1: failed: COMMAND exited with 9\n"));
  const auto missing = results(shell.run("echo '{\"model\":\"m\"}' | llmcache run --lines -- ./not-there").out).at(0);
  CHECK(missing["outcome"] == "failed");
  CHECK(missing["exit"] == 127);
  CHECK(missing["answer"].is_null());
}

TEST_CASE("with --lines, --retries runs a COMMAND that failed again, so many times at most") {
  const TerminalSession shell;
  // Fails twice.
  shell.write("flaky",
              "#!/bin/sh\necho x >> calls\n[ $(wc -l < calls) -gt 2 ] && echo good && exit\necho bad\nexit 5\n");
  shell.out("chmod +x flaky");
  const std::string ask = "rm -f calls; echo '{\"model\":\"m\"}' | llmcache run --lines ";
  CHECK(shell.run(ask + "-- ./flaky").exit == 1);
  CHECK(shell.read("calls") == "x\n");
  CHECK(shell.run("export LLMCACHE_RETRIES=2; " + ask + "-- ./flaky").exit == 1);
  CHECK(shell.read("calls") == "x\n");
  CHECK(shell.run(ask + "--retries 1 -- ./flaky").exit == 1);
  CHECK(shell.read("calls") == "x\nx\n");
  const auto line = results(shell.out(ask + "--retries 2 -- ./flaky")).at(0);
  CHECK(line["outcome"] == "stored");
  CHECK(line["answer"] == "good\n");
  CHECK(shell.read("calls") == "x\nx\nx\n");
  CHECK(shell.run("rm -f calls; echo 'bad' | llmcache run --lines --retries 2 -- ./flaky").exit == 1);
  CHECK(shell.read("calls").empty());
}

TEST_CASE("without its store run --lines goes on uncached, with one warning; with --strict each line fails") {
  const TerminalSession shell;
  const std::string ask = requests(3) + " | llmcache run --lines --store redis://127.0.0.1:1 ";
  const auto ran = shell.run(ask + "-- echo hi");
  CHECK(ran.exit == 0);
  for (const json& line : results(ran.out)) {
    CHECK(line["outcome"] == "refused");
    CHECK(line["answer"] == "hi\n");
    CHECK(contains(line["reason"], "127.0.0.1:1"));
  }
  CHECK(ran.err.find("warning") == ran.err.rfind("warning"));
  const auto strict = shell.run(ask + "--strict -- touch started");
  CHECK(strict.exit == 1);
  for (const json& line : results(strict.out)) CHECK(line["exit"] == 4);
  CHECK(shell.run("test -e started").exit == 1);
}

TEST_CASE("an output that cannot be written ends run --lines with 5, an input that cannot be read with 3") {
  const TerminalSession shell;
  CHECK(shell.run(requests(3) + " | llmcache run --lines --jobs 2 -- echo hi > /dev/full").exit == 5);
  CHECK(shell.run("llmcache run --lines --request missing -- echo hi").exit == 3);
  CHECK(shell.run("llmcache run --lines --request . -- echo hi").exit == 3);
}

TEST_CASE("a signal ends the commands, and what is finished is printed and stored") {
  const TerminalSession shell;
  shell.write("waiting", kWaiting);
  shell.out("chmod +x waiting");
  for (const auto& [signal, exit] : {std::pair{"INT", 130}, {"TERM", 143}}) {
    INFO(signal);
    const auto ended = shell.run(fmt::format(
        "rm -f pids; mkfifo in; ({0}; exec sleep 60) > in & "
        "env --default-signal=INT llmcache run --lines --jobs 3 -- ./waiting < in > out & run=$!; "
        "until [ -e pids ] && [ $(wc -l < pids) = 3 ]; do sleep 0.02; done; kill -{1} $run; wait $run; code=$?; "
        "for pid in $(cat pids); do kill -0 $pid 2> /dev/null && echo alive; done; kill %1; rm in; cat out; exit $code",
        requests(8), signal));
    CHECK(ended.exit == exit);
    const auto lines = results(ended.out);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0]["line"] == 1);
    CHECK(lines[0]["answer"] == json{{"done", 1}});
  }
  CHECK(shell.out("llmcache ls | wc -l") == "1\n");
}

TEST_CASE("a signal that the program was started to ignore does not end run --lines") {
  const TerminalSession shell;
  const auto ran = shell.run(requests(2) +
                             " > requests; (trap '' HUP; exec llmcache run --lines --request requests -- "
                             "sh -c 'kill -HUP $PPID; sleep 0.1; echo hi')");
  CHECK(ran.exit == 0);
  CHECK(results(ran.out).size() == 2);
}
