// run --lines: many requests, one per line.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "cli/terminal_session.h"
#include "support/provider.h"

using llmcache::test::contains;
using llmcache::test::TerminalSession;
using nlohmann::json;

namespace {

// A COMMAND that answers with the member "i" of its request, after so many tenths of a second as "wait" says, and writes it into
// the file "calls". It fails while there is a file of that name.
constexpr const char* kAnswerer = R"(#!/bin/bash
request=$(cat)
i=$(sed -E 's/.*"i":([0-9]+).*/\1/' <<< "$request")
echo $i >> calls
if [[ $request == *wait* ]]; then sleep 0.$(sed -E 's/.*"wait":([0-9]).*/\1/' <<< "$request"); fi
if [ -e "fail-$i" ]; then echo broken; exit 9; fi
echo "{\"i\": $i}"
)";

struct Lines {
  Lines() {
    shell.write("answer", kAnswerer);
    shell.out("chmod +x answer");
  }
  // Writes lines of requests, numbered from 1 on.
  void write(int count) const {
    std::string text;
    for (int i = 1; i <= count; ++i) text += R"({"model":"m","i":)" + std::to_string(i) + "}\n";
    shell.write("requests", text);
  }
  std::string calls() const { return shell.read("calls"); }
  TerminalSession shell;
};

std::vector<json> objects(const std::string& text) {
  std::vector<json> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) result.push_back(json::parse(line));
  return result;
}

std::vector<std::string> outcomes(const std::string& text) {
  std::vector<std::string> result;
  for (const json& object : objects(text)) result.push_back(object["outcome"]);
  return result;
}

using Outcomes = std::vector<std::string>;

}  // namespace

TEST_CASE("run --lines prints one object per request, in the order of the requests, whichever is answered first") {
  const Lines lines;
  lines.shell.write("requests", R"({"model":"m","i":1,"wait":5}
{"model":"m","i":2,"wait":2}
{"model":"m","i":3}
)");
  const auto printed = objects(lines.shell.out("llmcache run --lines --jobs 3 -- ./answer < requests"));
  REQUIRE(printed.size() == 3);
  for (int i = 1; i <= 3; ++i) {
    const json& object = printed[static_cast<std::size_t>(i - 1)];
    CHECK(object["schema"] == "llmcache.line/1");
    CHECK(object["line"] == i);
    CHECK(object["outcome"] == "stored");
    CHECK(object["exit"] == 0);
    CHECK(object["answer"] == json{{"i", i}});
    CHECK_FALSE(object.contains("reason"));
  }
}

TEST_CASE("the key of a line is the one that hash --lines prints") {
  const Lines lines;
  lines.write(3);
  std::string keys;
  for (const json& object : objects(lines.shell.out("llmcache run --lines -- ./answer < requests"))) {
    keys += object["key"].get<std::string>() + "\n";
  }
  CHECK(keys == lines.shell.out("llmcache hash --lines requests"));
}

TEST_CASE("each line reaches COMMAND without its end") {
  const TerminalSession shell;
  CHECK(objects(shell.out("echo '{\"model\":\"m\"}' | llmcache run --lines -- wc -c"))[0]["answer"] == 13);
}

TEST_CASE("when it is run again, run --lines asks only for what is missing") {
  const Lines lines;
  lines.write(4);
  const std::string ask = "llmcache run --lines --request requests -- ./answer";
  const auto first = lines.shell.run("touch fail-2; " + ask);
  CHECK(first.exit == 1);
  CHECK(outcomes(first.out) == Outcomes{"stored", "failed", "stored", "stored"});
  const auto second = lines.shell.run("rm fail-2 calls; " + ask);
  CHECK(second.exit == 0);
  CHECK(outcomes(second.out) == Outcomes{"hit", "stored", "hit", "hit"});
  CHECK(lines.calls() == "2\n");
}

TEST_CASE("a line that is asked for at the same time follows, and COMMAND runs once") {
  const Lines lines;
  const auto ran = lines.shell.run(
      "yes '{\"model\":\"m\",\"i\":1,\"wait\":5}' | head -3 | llmcache run --lines --jobs 3 -- ./answer");
  CHECK(lines.calls() == "1\n");
  auto all = outcomes(ran.out);
  std::ranges::sort(all);
  CHECK(all == Outcomes{"followed", "followed", "stored"});
  for (const json& object : objects(ran.out)) CHECK(object["answer"] == json{{"i", 1}});
}

TEST_CASE("a stream is recorded as run records it, and its text is the answer") {
  const support::Provider provider;
  const TerminalSession shell;
  shell.write("request.json", "{\"model\":\"m\",\"stream\":true}\n");
  const std::string curl = " -- curl -sSN '" + provider.url("/v1/chat/completions") + "' -d @- < request.json";
  const auto object = objects(shell.out("llmcache run --lines" + curl)).at(0);
  CHECK(object["outcome"] == "stored");
  CHECK(object["answer"].get<std::string>().starts_with("data: "));
  CHECK(shell.out("llmcache run" + curl) == object["answer"].get<std::string>());
  CHECK(provider.calls() == 1);
}

TEST_CASE("a result is printed while further requests have not been written yet") {
  const Lines lines;
  lines.write(2);
  const auto ran = lines.shell.run(
      "(head -1 requests; until grep -q '\"line\":1' out; do sleep 0.02; done; tail -1 requests) 2> errors |"
      " timeout 20 llmcache run --lines --jobs 2 -- ./answer > out");
  CHECK(ran.exit == 0);
  CHECK(objects(lines.shell.read("out")).size() == 2);
}

TEST_CASE("of a huge input only a few lines for each job are read ahead") {
  const Lines lines;
  lines.write(500);
  lines.shell.write(
      "slow-first",
      "#!/bin/bash\nif [[ $(tee -a seen) == *'\"i\":1}' ]]; then until [ -e go ]; do sleep 0.02; done; fi; echo 1\n");
  const auto ran = lines.shell.run(
      "chmod +x slow-first; llmcache run --lines --jobs 2 -- ./slow-first < requests > out & "
      "count() { tr -cd '}' < seen | wc -c; }; until [ $(count) -ge 32 ]; do sleep 0.02; done; sleep 0.3; count; touch "
      "go; wait $!");
  CHECK(ran.exit == 0);
  CHECK(ran.out == "32\n");
  CHECK(objects(lines.shell.read("out")).size() == 500);
}

TEST_CASE("an endless input needs little memory, and ends quietly when the reader of the output has enough") {
  const TerminalSession shell;
  const auto ran = shell.run(llmcache::test::limit_memory(300'000) +
                             "yes \"{\\\"model\\\":\\\"$(head -c 20000 /dev/zero | tr '\\0' m)\\\"}\" 2> /dev/null |"
                             " llmcache run --lines --jobs 2 -- echo hi | head -2000 | wc -l; echo ${PIPESTATUS[1]}");
  CHECK(ran.out == "2000\n0\n");
  CHECK(ran.err.empty());
}

TEST_CASE("run --lines has the modes of run") {
  const Lines lines;
  lines.write(2);
  const std::string ask = "llmcache run --lines --request requests ";
  lines.shell.out("head -1 requests | llmcache run --lines -- ./answer");
  const auto replayed = lines.shell.run(ask + "--mode replay");
  CHECK(replayed.exit == 1);
  CHECK(outcomes(replayed.out) == Outcomes{"hit", "failed"});
  CHECK(objects(replayed.out)[1]["exit"] == 1);
  CHECK(objects(replayed.out)[1]["answer"].is_null());
  CHECK(contains(objects(replayed.out)[1]["reason"], "no stored answer"));
  CHECK(outcomes(lines.shell.out(ask + "--mode refresh -- ./answer")) == Outcomes{"stored", "stored"});
  const auto off = objects(lines.shell.out(ask + "--mode off -- ./answer"));
  CHECK(off[0]["outcome"] == "refused");
  CHECK(off[0]["answer"] == json{{"i", 1}});
  CHECK(lines.calls() == "1\n1\n2\n1\n2\n");
}

TEST_CASE("an input without lines is answered by nothing") {
  const TerminalSession shell;
  CHECK(shell.out("llmcache run --lines -- echo hi < /dev/null").empty());
}

TEST_CASE("progress is shown on a terminal if the answers go elsewhere") {
  const Lines lines;
  lines.write(3);
  const std::string shown =
      lines.shell.out("script -qec 'llmcache run --lines --request requests -- ./answer > out' /dev/null < /dev/null");
  CHECK(contains(shown, "1 of 3"));
  CHECK(contains(shown, "3 lines: 3 stored"));
  CHECK(objects(lines.shell.read("out")).size() == 3);
  const std::string unknown =
      lines.shell.out("script -qec 'cat requests | llmcache run --lines -- ./answer > out' /dev/null < /dev/null");
  CHECK(contains(unknown, "\x1b[K1"));
  CHECK(contains(unknown, "3 lines: 3 hit"));
  const auto piped = lines.shell.run("llmcache run --lines -- ./answer < requests");
  CHECK(piped.err.empty());
  const auto for_programs = lines.shell.run("llmcache run --lines --json -- ./answer < requests");
  CHECK(objects(for_programs.err).back() == json{{"schema", "llmcache.progress/1"},
                                                 {"done", 3},
                                                 {"total", 3},
                                                 {"per_second", objects(for_programs.err).back()["per_second"]},
                                                 {"seconds_left", 0}});
}

TEST_CASE("run needs --lines for --jobs, which is between 1 and 1000") {
  const TerminalSession shell;
  for (const auto* options : {"--jobs 2", "--lines --jobs 0", "--lines --jobs 1001", "--lines --jobs x", "--lines"}) {
    INFO(options);
    const std::string command = std::string(options) == "--lines" ? "" : " -- echo hi";
    CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run " + std::string(options) + command).exit == 2);
  }
}
