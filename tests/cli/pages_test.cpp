// The pages in docs/: their commands work as a reader would copy them, one block after the other.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "cli/terminal_session.h"
#include "support/paths.h"
#include "support/provider.h"
#include "support/redis_server.h"

using llmcache::test::contains;
using llmcache::test::TerminalSession;

namespace {

const std::filesystem::path kPages = LLMCACHE_TEST_DATA "/../docs";

// The shell blocks of a page.
std::string commands_of(const std::string& page) {
  std::ifstream lines(kPages / page);
  REQUIRE(lines);
  std::string commands;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = line == "```sh";
    } else if (inside) {
      commands += line + "\n";
    }
  }
  REQUIRE_FALSE(commands.empty());
  return commands;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// A shell in which the provider's host is the local one and the team's server is a local one.
class Reader {
 public:
  Reader() {
    shell_.write("curl",
                 fmt::format("#!/bin/bash\nPATH=/usr/bin:/bin exec curl \"${{@/https:\\/\\/api.openai.com/{}}}\"\n",
                             provider_.url("")));
    shell_.out("mkdir bin && mv curl bin && chmod +x bin/curl");
  }

  // Runs all commands of a page; an error ends them.
  llmcache::test::Ran run(const std::string& page) const {
    std::string commands = commands_of(page);
    for (const char* const user : {"llmcache@", ""}) {
      const std::string to = fmt::format("redis://{}127.0.0.1:{}", user, server_.port());
      commands = replaced(commands, fmt::format("redis://{}cache.example.com", user), to);
    }
    return shell_.run(fmt::format("{}export PATH=$PWD/bin:$PATH OPENAI_API_KEY=key; set -e -o pipefail\n{}",
                                  llmcache::test::kPatient, commands));
  }
  const TerminalSession& shell() const { return shell_; }
  const support::Provider& provider() const { return provider_; }
  int port() const { return server_.port(); }

 private:
  support::Provider provider_;
  support::RedisServer server_;
  TerminalSession shell_;
};

void check(const llmcache::test::Ran& ran) {
  INFO(ran.out << ran.err);
  CHECK(ran.exit == 0);
}

}  // namespace

TEST_CASE("every command of docs/shell.md works, and asks the model once for each request") {
  const Reader reader;
  const auto ran = reader.run("shell.md");
  check(ran);
  CHECK(contains(ran.out, "not cached yet\n"));
  CHECK(contains(ran.out, "1\tstored\t0\n2\tstored\t0\n3\tstored\t0\n"));
  CHECK(reader.provider().calls() == 4);
}

TEST_CASE("every command of docs/keys.md works, and the two requests that it calls equal are") {
  const Reader reader;
  const auto ran = reader.run("keys.md");
  check(ran);
  CHECK(contains(ran.err, "nearest stored request"));
  const std::string keys = ran.out.substr(0, ran.out.find('{'));
  const auto end = keys.find('\n');
  CHECK(keys.substr(0, end) == keys.substr(end + 1, end));
  CHECK(contains(reader.shell().read("warnings"), "/messages/*/timestamp"));
}

TEST_CASE("every command of docs/operators.md works on a Redis with a few entries") {
  Reader reader;
  for (const char* const session : {"default", "nightly", "alice"}) {
    reader.shell().write("request.json",
                         R"({"model":"m","messages":[{"role":"user","content":"My printer is on fire"}]})");
    reader.shell().out(fmt::format(
        "echo '{{\"choices\":[{{\"index\":0,\"finish_reason\":\"stop\",\"message\":{{\"content\":\"Hi\"}}}}]}}' | "
        "LLMCACHE_STORE=redis://127.0.0.1:{} llmcache put request.json --session {}",
        reader.port(), session));
  }
  const auto ran = reader.run("operators.md");
  check(ran);
  CHECK(contains(ran.err, "would remove 1 entry"));
  CHECK(contains(ran.out, "[PASS]"));
  CHECK(contains(reader.shell().out("ls fixtures/default"), "my-printer-is-on-fire"));
}

TEST_CASE("every command of docs/team-cache.md works, and its user has the rights that llmcache needs") {
  const Reader reader;
  const auto ran = reader.run("team-cache.md");
  check(ran);
  CHECK(contains(ran.out, "search-team"));
  CHECK_FALSE(contains(ran.out, "[FAIL]"));
  CHECK(contains(ran.out, "\"content\": \"Hi\""));
}

TEST_CASE("every command of docs/fixtures.md works, and leaves one recording that git has") {
  const Reader reader;
  reader.shell().write("request.json",
                       R"({"model":"m","messages":[{"role":"user","content":"My printer is on fire"}]})");
  reader.shell().out("git init -q .");
  const auto ran = reader.run("fixtures.md");
  check(ran);
  CHECK(reader.provider().calls() == 1);
  CHECK(contains(reader.shell().out("git ls-files"), "tests/fixtures/default/my-printer-is-on-fire."));
  CHECK(reader.shell().out("git status --porcelain tests").starts_with("A "));
}

TEST_CASE("each page of docs/ is named in the README") {
  std::ifstream file(kPages / "../README.md");
  const std::string readme{std::istreambuf_iterator<char>(file), {}};
  for (const auto& page : std::filesystem::directory_iterator(kPages)) {
    if (page.path().extension() != ".md") continue;
    INFO(page.path());
    CHECK(contains(readme, fmt::format("(docs/{})", page.path().filename().string())));
  }
}
