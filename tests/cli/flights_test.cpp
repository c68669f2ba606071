// Many runs of one request at one time, some of which are killed.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <sstream>

#include "cli/terminal_session.h"
#include "support/provider.h"
#include "support/redis_server.h"
#include "support/sanitizers.h"
#include "support/wait.h"

using llmcache::test::TerminalSession;
using support::Provider;

namespace {

constexpr const char* kStream = R"({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true})";

// A COMMAND whose answer names the process that gave it. At "$gate" it waits for a file of that name; the process that
// leads is known by then.
constexpr const char* kCommand = R"(#!/bin/bash
echo $PPID >> leaders
if [ "$gate" = before ]; then until [ -e before ]; do sleep 0.02; done; fi
printf 'data: first of %s\n\n' $$
if [ "$gate" = after ]; then until [ -e after ]; do sleep 0.02; done; fi
printf 'data: last of %s\n\n' $$
)";

// A shell with one of the stores that runs can share.
struct Surroundings {
  explicit Surroundings(bool over_redis) {
    if (over_redis) redis.emplace();
    shell.write("request.json", kStream);
    shell.write("answer", kCommand);
    shell.out("chmod +x answer");
  }
  // A hundred processes under sanitizers take longer to connect than a server that is down may.
  std::string options() const {
    return redis ? " --connect-timeout 20s --timeout 20s --store " + redis->url() : std::string();
  }
  std::string run(const std::string& more = "") const {
    return "llmcache run -v --deadline 60s --request request.json" + options() + more;
  }
  // Shell code: starts `count` runs, each with its output, messages and exit code in separate files.
  std::string start(int count, const std::string& first, const std::string& command, const std::string& more = "") {
    return fmt::format(
        "for i in $(seq {0}); do n=$(({1} + i)); (gate=$gate {2} -- {3} > out.$n 2> err.$n; echo $? > exit.$n) & "
        "done; ",
        count, first, run(more), command);
  }
  static std::string until(const std::string& condition) { return "until " + condition + "; do sleep 0.02; done; "; }
  // Until so many runs follow another.
  static std::string until_following(int count) {
    return until(fmt::format("[ $(cat err.* | grep -c following) -ge {} ]", count));
  }
  std::string lines_in(const std::string& files) const { return shell.out("cat " + files); }

  std::optional<support::RedisServer> redis;
  TerminalSession shell;
};

// "0 data: first of 12\n\ndata: last of 12\n\n": the exit code and the output of a run.
struct Ran {
  int exit;
  std::string out;
};

Ran ran(const TerminalSession& shell, int number) {
  return {std::stoi(shell.read(fmt::format("exit.{}", number))), shell.read(fmt::format("out.{}", number))};
}

bool is_whole(const std::string& out) {
  std::istringstream words(out);
  std::string data, position, of, process, rest;
  words >> data >> position >> of >> process;
  return !process.empty() && out == fmt::format("data: first of {0}\n\ndata: last of {0}\n\n", process);
}

}  // namespace

TEST_CASE("a hundred runs of one request at once call the provider once, and all print its answer") {
  for (const bool over_redis : {false, true}) {
    const Provider provider;
    Surroundings at(over_redis);
    for (const auto* request : {kStream, R"({"model":"m","messages":[]})"}) {
      const int calls = provider.calls();
      at.shell.write("request.json", request);
      const auto curl =
          fmt::format("curl -sSN '{}' -d @-", provider.url("/v1/chat/completions?chunks=20&wait_ms=300&delay_ms=20"));
      at.shell.out("rm -f out.* err.* exit.*; " + at.start(100, "0", curl) + "wait");
      CHECK(provider.calls() == calls + 1);
      CHECK(at.shell.out("cat exit.* | sort | uniq -c | tr -s ' '") == " 100 0\n");
      CHECK(at.shell.out("md5sum out.* | cut -c1-32 | sort -u | wc -l") == "1\n");
      CHECK_FALSE(at.shell.read("out.1").empty());
    }
  }
}

TEST_CASE("when a leader is killed before its first byte, every follower runs COMMAND itself") {
  for (const bool over_redis : {false, true}) {
    Surroundings at(over_redis);
    at.shell.out("export gate=before; " + at.start(10, "0", "./answer") + at.until("[ -s leaders ]") +
                 at.until_following(9) + "kill -KILL $(cat leaders); " + at.until("[ $(wc -l < leaders) -eq 10 ]") +
                 "touch before; wait");
    int killed = 0;
    for (int i = 1; i <= 10; ++i) {
      const auto [exit, out] = ran(at.shell, i);
      killed += exit == 137 ? 1 : 0;
      if (exit == 137) continue;
      CHECK(exit == 0);
      CHECK(is_whole(out));
    }
    CHECK(killed == 1);
  }
}

TEST_CASE("a leader killed after its first bytes leaves followers with these and exit 6, never with a mixture") {
  for (const bool over_redis : {false, true}) {
    Surroundings at(over_redis);
    at.shell.out("export gate=after; " + at.start(10, "0", "./answer") + at.until_following(9) +
                 at.until("[ $(cat out.* | grep -c first) -ge 10 ]") + "kill -KILL $(cat leaders); touch after; wait");
    const auto later = at.shell.run(at.run() + " -- ./answer");
    CHECK(later.exit == 0);
    CHECK(is_whole(later.out));
    int broken_off = 0;
    for (int i = 1; i <= 10; ++i) {
      const auto [exit, out] = ran(at.shell, i);
      broken_off += exit == 6 ? 1 : 0;
      CHECK((exit == 6 || exit == 137));
      CHECK(out == ran(at.shell, 1).out);
      CHECK_FALSE(out.find("last") != std::string::npos);
    }
    CHECK(broken_off == 9);
  }
}

TEST_CASE("when the leader's COMMAND fails, the followers run theirs all at the same time") {
  for (const bool over_redis : {false, true}) {
    Surroundings at(over_redis);
    // The first fails once the others follow; these go on only when all of them run.
    at.shell.write("answer",
                   "#!/bin/bash\necho $$ >> leaders\nuntil [ -e before ]; do sleep 0.02; done\n"
                   "[ $$ != $(head -n 1 leaders) ] || exit 9\n"
                   "until [ $(wc -l < leaders) -eq 10 ]; do sleep 0.02; done\necho 'data: answer'; echo\n");
    at.shell.out(at.start(10, "0", "./answer") + at.until_following(9) + "touch before; wait");
    CHECK(at.shell.out("cat exit.* | sort | uniq -c | tr -s ' '") == " 9 0\n 1 9\n");
  }
}

TEST_CASE("a complete answer that is not stored still reaches all followers") {
  for (const bool over_redis : {false, true}) {
    Surroundings at(over_redis);
    for (const auto* options : {" --refuse length", " --max-entry 10", " --ttl 0"}) {
      at.shell.write("answer",
                     "#!/bin/bash\necho $$ >> leaders\nuntil [ -e before ]; do sleep 0.02; done\n"
                     "printf 'data: {\"choices\":[{\"index\":0,\"finish_reason\":\"length\"}],\"id\":\"%s\"}\\n\\n"
                     "data: [DONE]\\n\\n' $$\n");
      at.shell.out("rm -f leaders before out.* err.* exit.*; " + at.start(20, "0", "./answer", options) +
                   at.until_following(19) + "touch before; wait");
      INFO(options);
      CHECK(at.shell.out("wc -l < leaders") == "1\n");
      CHECK(at.shell.out("cat exit.* | sort -u") == "0\n");
      CHECK(at.shell.out("md5sum out.* | cut -c1-32 | sort -u | wc -l") == "1\n");
      CHECK(at.shell.out("cat err.*").find("not stored: ") != std::string::npos);
      CHECK(at.shell.run(at.run(" --mode replay")).exit == 1);
    }
  }
}

TEST_CASE("a leader whose reader goes away goes on for its followers, and the answer is stored") {
  for (const bool over_redis : {false, true}) {
    Surroundings at(over_redis);
    at.shell.out("export gate=after; (" + at.run() + " -- ./answer 2> err.0 | head -n 1 > out.0) & " +
                 at.until("[ -s out.0 ]") + at.start(5, "0", "./answer") + at.until_following(5) +
                 at.until("[ $(cat out.[1-5] | grep -c first) -ge 5 ]") + "touch after; wait");
    for (int i = 1; i <= 5; ++i) {
      CHECK(ran(at.shell, i).exit == 0);
      CHECK(is_whole(ran(at.shell, i).out));
    }
    CHECK(at.shell.out(at.run(" --mode replay")) == ran(at.shell, 1).out);
  }
}

TEST_CASE("a leader whose reader does not read does not delay its followers") {
  Surroundings at(false);
  at.shell.write("answer", "#!/bin/bash\nfor i in $(seq 20000); do printf 'data: piece %s\\n\\n' $i; done\n");
  at.shell.out("mkfifo pause; (" + at.run() + " -- ./answer | (read -r line; read -r line < pause; cat) > out.0) & " +
               at.until("[ -e .cache/llmcache/cache.db-flights ]") + at.run() +
               " -- ./answer > out.1; echo > pause; wait");
  CHECK(at.shell.out("tail -n 2 out.1") == "data: piece 20000\n\n");
  CHECK(at.shell.out("tail -n 2 out.0") == "data: piece 20000\n\n");
}

TEST_CASE("a run within a run of the same request runs uncached, at any depth") {
  for (const bool over_redis : {false, true}) {
    Surroundings at(over_redis);
    at.shell.write("nested", "#!/bin/bash\n" + at.run() + " -- ./other\n");
    at.shell.write("other", "#!/bin/bash\n" + at.run(" --sample 1") + " -- ./innermost\n");
    at.shell.write("innermost", "#!/bin/bash\n" + at.run() + " -- ./answer\n");
    at.shell.out("chmod +x nested other innermost");
    for (const auto* command : {"./innermost", "./nested", "./other"}) {
      INFO(command);
      CHECK(is_whole(at.shell.out(at.run(fmt::format(" --session {}", command + 2)) + " -- " + command)));
      CHECK(is_whole(at.shell.out(at.run(" --mode refresh") + " -- " + command)));
    }
  }
}

TEST_CASE("a leader that gets SIGTERM frees its followers at once, even if its COMMAND ends slowly") {
  for (const bool over_redis : {false, true}) {
    Surroundings at(over_redis);
    at.shell.write("stubborn",
                   "#!/bin/bash\ntrap '' TERM\necho $PPID >> leaders\n"
                   "until [ -e after ]; do sleep 0.02; done\n");
    at.shell.out("chmod +x stubborn; " + at.start(1, "0", "./stubborn") + at.until("[ -s leaders ]") +
                 "kill -TERM $(cat leaders); " + at.run() + " -- ./answer > out.2; touch after; wait");
    CHECK(is_whole(at.shell.read("out.2")));
    CHECK(at.shell.out(at.run(" --mode replay") + " -- false") == at.shell.read("out.2"));
  }
}

TEST_CASE("a run that waits long enough asks for itself, and stores nothing") {
  Surroundings at(false);
  const auto impatient =
      at.shell.run("export gate=before; " + at.start(1, "0", "./answer") + at.until("[ -s leaders ]") +
                   "gate= " + at.run(" --wait 50ms") + " -- ./answer > out.2; echo $? > exit.2; touch before; wait");
  CHECK(ran(at.shell, 2).exit == 0);
  CHECK(is_whole(ran(at.shell, 2).out));
  CHECK(impatient.err.find("warning") != std::string::npos);
  CHECK(is_whole(ran(at.shell, 1).out));
  CHECK(at.shell.out(at.run() + " -- false") == ran(at.shell, 1).out);
}

TEST_CASE("with --no-follow a stream is printed once it is whole, otherwise as it comes") {
  Surroundings at(false);
  const auto while_flying = at.shell.out(
      "export gate=after; " + at.start(1, "0", "./answer") + at.until("[ -s out.1 ]") +
      at.start(1, "1", "./answer", " --no-follow") + at.until_following(1) + at.start(1, "2", "./answer") +
      at.until_following(2) + at.until("[ -s out.3 ]") + "cat out.2; echo ...; cat out.3; touch after; wait");
  CHECK(while_flying == "...\n" + at.shell.read("out.3").substr(0, while_flying.size() - 4));
  for (int i = 1; i <= 3; ++i) CHECK(is_whole(ran(at.shell, i).out));
  CHECK(ran(at.shell, 2).out == ran(at.shell, 1).out);
  CHECK(ran(at.shell, 3).out == ran(at.shell, 1).out);
}

TEST_CASE("Ollama's chat without stream, with false and with true are three entries, and the first is followed live") {
  for (const bool over_redis : {false, true}) {
    Surroundings at(over_redis);
    const std::string begin = R"({"model":"m","message":{"role":"assistant","content":"a"},"done":false})";
    const std::string end = R"({"model":"m","message":{"role":"assistant","content":""},"done":true})";
    const std::string whole = R"({"model":"m","message":{"role":"assistant","content":"ab"},"done":true})";
    at.shell.write("request.json", R"({"model":"m","messages":[]})");
    at.shell.write("false.json", R"({"model":"m","messages":[],"stream":false})");
    at.shell.write("true.json", R"({"model":"m","messages":[],"stream":true})");
    at.shell.write("chat",
                   "#!/bin/sh\necho '" + begin + "'\nuntil [ -e after ]; do sleep 0.02; done\necho '" + end + "'\n");
    at.shell.out("chmod +x chat");
    // The follower has the first line while the leader still waits for the second.
    CHECK(at.shell.out(at.start(1, "0", "./chat") + at.until("[ -s out.1 ]") + at.start(1, "1", "false") +
                       at.until("[ -s out.2 ]") + "cat out.2; touch after; wait") == begin + "\n");
    for (int i = 1; i <= 2; ++i) CHECK(ran(at.shell, i).out == begin + "\n" + end + "\n");
    const auto run = [&](const std::string& request, const std::string& command) {
      return at.shell.out("llmcache run --request " + request + at.options() + " -- " + command);
    };
    CHECK(run("false.json", "echo '" + whole + "'") == whole + "\n");
    CHECK(run("true.json", "./chat") == begin + "\n" + end + "\n");
    CHECK(run("request.json", "false") == begin + "\n" + end + "\n");
    CHECK(run("false.json", "false") == whole + "\n");
    CHECK(run("true.json", "false") == begin + "\n" + end + "\n");
    CHECK(at.shell.out("llmcache ls --json" + at.options() + " | jq -r .kind | sort") == "response\nstream\nstream\n");
  }
}

TEST_CASE("runs killed at random moments leave whole answers or none, and no lease") {
  constexpr int kRuns = libcache::test::tries(500);
  for (const bool over_redis : {false, true}) {
    Surroundings at(over_redis);
    at.shell.write("answer",
                   "#!/bin/bash\nexec 3<> never\nfor i in 1 2 3 4 5 6 7 8; do printf 'data: %s\\n\\n' $i;"
                   " read -t 0.002 -u 3; done; true\n");
    const auto whole = at.shell.out("mkfifo never; ./answer");
    at.shell.out(fmt::format("for i in $(seq {}); do ", kRuns) + at.run(" --session $i") +
                 " -- ./answer > /dev/null 2>&1 & read -t 0.0$((RANDOM % 6))$((RANDOM % 10)) <> never;"
                 " kill -KILL $! 2> /dev/null; wait $! 2> /dev/null; done; true");
    int stored = 0;
    for (int i = 1; i <= kRuns; ++i) {
      const auto replayed = at.shell.run(at.run(fmt::format(" --mode replay --session {}", i)) + " -- false");
      stored += replayed.exit == 0 ? 1 : 0;
      CHECK(replayed.out == (replayed.exit == 0 ? whole : ""));
    }
    INFO(stored);
    CHECK(stored < kRuns);
    CHECK(at.shell.out(at.run(" --session 1") + " -- ./answer") == whole);
    if (over_redis) {
      support::wait_for("the end of all leases", [&] { return at.redis->command({"KEYS", "*_lease*"}).empty(); });
    } else {
      // Each flight that ends sweeps up after 64 that did not.
      at.shell.out("for i in $(seq 501 509); do " + at.run(" --session $i") + " -- ./answer > /dev/null; done");
      CHECK(at.shell.out("ls .cache/llmcache/cache.db-flights").empty());
    }
  }
}
