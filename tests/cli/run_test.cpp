// run: the main job, against a local provider with a real curl.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "cli/terminal_session.h"
#include "support/provider.h"

using llmcache::test::TerminalSession;
using support::Provider;

namespace {

constexpr const char* kPlain = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
constexpr const char* kStream = R"({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true})";

std::string run_curl(const Provider& provider, const std::string& path, const std::string& options = "") {
  return fmt::format("llmcache run {} -- curl -sSN '{}' -d @- < request.json", options, provider.url(path));
}

}  // namespace

TEST_CASE("a second identical request is answered from the cache, byte for byte, with one provider call") {
  const Provider provider;
  const TerminalSession shell;
  for (const auto* path : {"/v1/chat/completions", "/v1/responses", "/v1/messages"}) {
    for (const auto* request : {kPlain, kStream}) {
      const int calls = provider.calls();
      const std::string session = fmt::format("--session {}", path + 4);
      shell.write("request.json", request);
      const std::string first = shell.out(run_curl(provider, path, session));
      CHECK_FALSE(first.empty());
      CHECK(shell.out(run_curl(provider, path, session)) == first);
      CHECK(provider.calls() == calls + 1);
    }
  }
}

TEST_CASE("the same request in another spelling is the same request") {
  const Provider provider;
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m","temperature":1.0,"messages":[]})");
  const std::string first = shell.out(run_curl(provider, "/v1/chat/completions"));
  shell.write("request.json", "{ \"messages\" : [ ],\n \"temperature\":1, \"model\":\"\\u006d\" }");
  CHECK(shell.out(run_curl(provider, "/v1/chat/completions")) == first);
  CHECK(provider.calls() == 1);
}

TEST_CASE("a stream passes through unbuffered: a chunk is out before the provider has sent the next one") {
  const Provider provider;
  const TerminalSession shell;
  shell.write("request.json", kStream);
  // Reads the first line, then asks how long ago the provider sent its first byte: its last is two seconds away.
  const std::string age = shell.out(run_curl(provider, "/v1/chat/completions?chunks=4&delay_ms=500") +
                                    " | (read -r line; now=$(date +%s%N); echo $(( (now - $(curl -s '" +
                                    provider.url("/first-byte") + "')) / 1000000 )); cat > /dev/null)");
  CHECK(std::stol(age) < 500);
}

TEST_CASE("the answer of a failed COMMAND is not stored, and its exit code is returned") {
  const Provider provider;
  const TerminalSession shell;
  for (const auto* request : {kPlain, kStream}) {
    for (const auto* fault : {"fail=error", "fail=cut", "fail=429", "fail=500"}) {
      shell.write("request.json", request);
      const std::string path = fmt::format("/v1/chat/completions?{}", fault);
      const auto direct = shell.run(fmt::format("curl -sSN '{}' -d @request.json", provider.url(path)));
      const auto ran = shell.run(run_curl(provider, path));
      INFO(request << path);
      CHECK(ran.exit == direct.exit);
      CHECK(ran.out == direct.out);
      CHECK(shell.out("llmcache ls").empty());
    }
  }
  shell.write("request.json", kStream);
  for (const auto* fault : {"fail=error-event", "fail=unfinished"}) {
    CHECK(shell.run(run_curl(provider, fmt::format("/v1/chat/completions?{}", fault))).exit == 0);
    CHECK(shell.out("llmcache ls").empty());
  }
}

TEST_CASE("a COMMAND that fails stores nothing whatever it printed") {
  const TerminalSession shell;
  const auto ran = shell.run("echo '{\"model\":\"m\"}' | llmcache run -- sh -c 'echo \"{}\"; exit 9'");
  CHECK(ran.exit == 9);
  CHECK(ran.out == "{}\n");
  CHECK(shell.out("llmcache ls").empty());
}

TEST_CASE("a COMMAND that cannot be started is 126 or 127, as in a shell") {
  const TerminalSession shell;
  shell.write("not-executable", "");
  CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run -- ./not-there").exit == 127);
  CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run -- no-such-program-anywhere").exit == 127);
  CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run -- ./not-executable").exit == 126);
  CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run").exit == 2);
}

TEST_CASE("a COMMAND ended by a signal is 128 and the signal's number, and stores nothing") {
  const TerminalSession shell;
  CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run -- sh -c 'echo 1; kill -KILL $$'").exit == 137);
  CHECK(shell.out("llmcache ls").empty());
}

TEST_CASE("a signal sent to llmcache reaches COMMAND, and nothing is stored") {
  const TerminalSession shell;
  for (const auto* signal : {"TERM", "INT"}) {
    const auto ran = shell.run(
        fmt::format("mkfifo ready; echo '{{\"model\":\"m\"}}' > request.json; env --default-signal=INT llmcache run "
                    "--request request.json -- bash -c "
                    "'trap \"echo caught; exit 0\" {0}; echo > ready; sleep 30 > /dev/null & wait' > out & "
                    "read -r < ready; kill -{0} $!; wait $!; code=$?; rm ready; cat out; exit $code",
                    signal));
    CHECK(ran.exit == 0);
    CHECK(ran.out == "caught\n");
    CHECK(ran.err.find("warning: not stored: interrupted by a signal") != std::string::npos);
    CHECK(shell.out("llmcache ls").empty());
  }
}

TEST_CASE("after a signal what COMMAND has started is not waited for, even if it holds the output open") {
  const TerminalSession shell;
  const auto ran = shell.run(
      "mkfifo ready; llmcache run --mode off --request <(echo '{}') -- bash -c "
      "'trap \"echo caught; exit 3\" TERM; sleep 60 & echo $! > sleeper; echo > ready; wait' > out & "
      "read -r < ready; kill $!; wait $!; echo $?; cat out; kill $(cat sleeper) && echo 'it was still running'");
  CHECK(ran.out == "3\ncaught\nit was still running\n");
}

TEST_CASE("COMMAND gets the request on its stdin, as it was given") {
  const TerminalSession shell;
  shell.write("request.json", "{ \"model\" : \"m\" }\n");
  CHECK(shell.out("llmcache run -- cat < request.json") == shell.read("request.json"));
  CHECK(shell.out("llmcache run --request request.json --mode off -- cat") == shell.read("request.json"));
  CHECK(shell.run("head -c 3000000 /dev/zero | tr '\\0' 'x' | llmcache run --mode off -- true").exit == 0);
}

TEST_CASE("replay never starts COMMAND") {
  const TerminalSession shell;
  const auto ran = shell.run("echo '{\"model\":\"m\"}' | llmcache run --mode replay -- touch started");
  CHECK(ran.exit == 1);
  CHECK(shell.run("test -e started").exit == 1);
  shell.out("echo '{\"model\":\"m\"}' | llmcache run -- echo answer");
  CHECK(shell.out("echo '{\"model\":\"m\"}' | llmcache run --mode replay -- touch started") == "answer\n");
  CHECK(shell.run("test -e started").exit == 1);
}

TEST_CASE("a URL that cannot be an endpoint runs COMMAND uncached, but never in replay mode or with --strict") {
  const TerminalSession shell;
  shell.write("request.json", kPlain);
  shell.out("mkdir bin; printf '#!/bin/sh\\necho started\\n' > bin/curl; chmod +x bin/curl");
  for (const auto& url : std::vector<std::string>{"http:///v1", "https://", "https://h/?" + std::string(2048, 'x')}) {
    const auto run = [&](const std::string& options) {
      return shell.run(fmt::format("llmcache run {} -- bin/curl '{}' < request.json", options, url));
    };
    const auto ran = run("");
    CHECK(ran.out == "started\n");
    CHECK(ran.err.find("running without the cache") != std::string::npos);
    for (const char* options : {"--mode replay", "--mode replay --lines", "--strict"}) {
      INFO(options);
      CHECK(run(options).exit == 2);
      CHECK(run(options).out.empty());
    }
  }
}

TEST_CASE("refresh overwrites a stored answer, off does not touch it") {
  const TerminalSession shell;
  const auto answer = [&](const std::string& mode, const std::string& text) {
    return shell.out("echo '{\"model\":\"m\"}' | llmcache run --mode " + mode + " -- echo " + text);
  };
  CHECK(answer("auto", "1") == "1\n");
  CHECK(answer("off", "2") == "2\n");
  CHECK(answer("auto", "3") == "1\n");
  CHECK(answer("refresh", "4") == "4\n");
  CHECK(answer("auto", "5") == "4\n");
  CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run --mode record -- echo 6").exit == 2);
}

TEST_CASE("a rejected request still runs COMMAND, uncached and with a warning, unless --strict") {
  const TerminalSession shell;
  const auto ran = shell.run("echo 'no request' | llmcache run -- cat");
  CHECK(ran.exit == 0);
  CHECK(ran.out == "no request\n");
  CHECK(ran.err.starts_with("llmcache: warning: "));
  const auto strict = shell.run("echo 'no request' | llmcache run --strict -- touch started");
  CHECK(strict.exit == 3);
  CHECK(shell.run("test -e started").exit == 1);
}

TEST_CASE("a store that is down costs one warning, and COMMAND runs as if there were no cache") {
  const TerminalSession shell;
  shell.write("blocked", "");
  const auto ran =
      shell.run("echo '{\"model\":\"m\"}' | llmcache run --store sqlite:blocked/in/the/way.db -- echo answer");
  CHECK(ran.exit == 0);
  CHECK(ran.out == "answer\n");
  CHECK(ran.err.starts_with("llmcache: warning: "));
  CHECK(std::ranges::count(ran.err, '\n') == 1);
}

TEST_CASE("with --strict an answer that the store does not take is an error, after it was printed") {
  const TerminalSession shell;
  shell.write("request.json", kPlain);
  const std::string run = "-- echo '{\"a\":1}' < request.json";
  shell.out("llmcache run --store sqlite:cache.db --session other " + run);
  const auto lenient = shell.run("llmcache run --store 'sqlite:cache.db?read_only=1' " + run);
  CHECK(lenient.exit == 0);
  CHECK(lenient.err.find("not stored") != std::string::npos);
  const auto strict = shell.run("llmcache run --strict --store 'sqlite:cache.db?read_only=1' " + run);
  CHECK(strict.exit == 5);
  CHECK(strict.out == "{\"a\":1}\n");
  CHECK(strict.err.find("error: not stored") != std::string::npos);
}

TEST_CASE("a reader that goes away ends run quietly, and nothing is stored") {
  const TerminalSession shell;
  const auto ran = shell.run("echo '{\"model\":\"m\"}' | llmcache run -- yes | head -n 1; exit ${PIPESTATUS[1]}");
  CHECK(ran.exit == 141);
  CHECK(ran.out == "y\n");
  CHECK(ran.err.empty());
  CHECK(shell.out("llmcache ls").empty());
}

TEST_CASE("samples of one request are different entries") {
  const TerminalSession shell;
  for (const auto* sample : {"0", "1", "2"}) {
    shell.out(fmt::format("echo '{{\"model\":\"m\"}}' | llmcache run --sample {0} -- echo answer {0}", sample));
  }
  CHECK(shell.out("echo '{\"model\":\"m\"}' | llmcache run --sample 1 -- false") == "answer 1\n");
  CHECK(shell.out("echo '{\"model\":\"m\"}' | llmcache run -- false") == "answer 0\n");
}

TEST_CASE("run stores an answer that the policy accepts, and otherwise warns with the reason") {
  const TerminalSession shell;
  const std::string request = R"(echo '{"model":"m","stream":true}' | )";
  const auto ran = shell.run(request + R"(llmcache run -- echo 'data: {"choices":[]}')");
  CHECK(ran.exit == 0);
  CHECK(ran.err.find("warning: not stored: the answer ended") != std::string::npos);
  CHECK(shell.out("llmcache ls").empty());
  shell.out(request + R"(llmcache run --accept incomplete -- echo 'data: {"choices":[]}')");
  CHECK(shell.out("llmcache ls --long").find("incomplete") != std::string::npos);
  const auto refused =
      shell.run(R"(echo '{"model":"m"}' | llmcache run --refuse length -- echo '{"choices":[{"index":0,)"
                R"("finish_reason":"length"}]}')");
  CHECK(refused.exit == 0);
  CHECK(refused.err.find("warning: not stored: the answer ended for a refused reason: length") != std::string::npos);
  for (const auto* reasons : {"'stop, length'", "' length'", "stop --refuse length,"}) {
    INFO(reasons);
    CHECK(shell
              .run(fmt::format(R"(echo '{{"model":"n"}}' | llmcache put --refuse {} <(echo '{{"model":"n"}}') < <()"
                               R"(echo '{{"choices":[{{"index":0,"finish_reason":"length"}}]}}'))",
                               reasons))
              .exit == 7);
  }
  CHECK(shell.run("llmcache ls --refuse ,").exit == 2);
}

TEST_CASE("a COMMAND that fails has reported it itself: run adds nothing unless asked") {
  const TerminalSession shell;
  CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run -- sh -c 'echo 1; exit 9'").err.empty());
  CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run -v -- sh -c 'echo 1; exit 9'")
            .err.find("COMMAND exited with 9") != std::string::npos);
}

TEST_CASE("an answer that one run accepted is a miss for a run that would not have stored it") {
  const TerminalSession shell;
  const auto answer = [&](const std::string& options, const std::string& text) {
    return shell.out("echo '{\"model\":\"m\"}' | llmcache run " + options + " -- echo '" + text + "'");
  };
  for (const auto* cut : {R"({"half)", R"(data: {"choices":[]})"}) {
    CHECK(answer("--accept incomplete", cut) == cut + std::string("\n"));
    CHECK(answer("--accept incomplete", "2") == cut + std::string("\n"));
    CHECK(answer("", "3") == "3\n");
    CHECK(answer("", "4") == "3\n");
    shell.out("llmcache purge --yes --all");
  }
}

TEST_CASE("an answer much larger than max_entry passes through whole without being held in memory") {
  const TerminalSession shell;
  const auto ran =
      shell.run(llmcache::test::limit_memory(400'000) +
                "echo '{\"model\":\"m\"}' | llmcache run --max-entry 1M -- head -c 600000000 /dev/zero | wc "
                "-c; "
                "exit ${PIPESTATUS[1]}");
  CHECK(ran.exit == 0);
  CHECK(ran.out == "600000000\n");
  CHECK(shell.out("llmcache ls").empty());
}

TEST_CASE("a request too large for the deadline starts COMMAND at once, uncached") {
  const TerminalSession shell;
  shell.out(
      "(printf '{\"model\":\"m\",\"text\":\"'; head -c 20000000 /dev/zero | tr '\\0' x; printf '\"}') > request.json");
  const std::string run = "llmcache run --request request.json";
  const auto hurried = shell.run(run + " --deadline 10ms -- wc -c");
  CHECK(hurried.exit == 0);
  CHECK(hurried.out == "20000023\n");
  CHECK(hurried.err.find("warning: ") != std::string::npos);
  CHECK(shell.out(run + " --deadline 60s -- echo answer") == "answer\n");
  CHECK(shell.out(run + " --deadline 60s -- echo another") == "answer\n");
}

TEST_CASE("a curl that fails on HTTP errors is known to have got an answer, whatever its JSON looks like") {
  const TerminalSession shell;
  shell.write("curl", "#!/bin/sh\necho '{\"message\":\"Hello\"}'\n");
  shell.out("chmod +x curl");
  const auto stores = [&](const std::string& options) {
    const std::string run = "echo '{\"model\":\"" + options + "\"}' | llmcache run -v -- ./curl " + options;
    return shell.run(run).err.find("not stored") == std::string::npos;
  };
  for (const char* const options : {"-f", "-sSf", "--fail", "--fail-with-body", "-d x -fs"}) {
    INFO(options);
    CHECK(stores(options));
  }
  for (const char* const options : {"", "-s", "-d -f", "-dxf", "--fail-early", "--form f", "--data-raw --fail"}) {
    INFO(options);
    CHECK_FALSE(stores(options));
  }
}
