// How arguments name requests and entries: the same rule in every command.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>

#include "cli/terminal_session.h"

using llmcache::test::TerminalSession;

namespace {

constexpr const char* kStreamed =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

// A session in which request.json has an answer, and $NAME and $HASH are its full name and its hash.
struct Named {
  TerminalSession shell;
  std::string name;
  std::string hash;

  Named() {
    shell.write("request.json", R"({"model":"m"})");
    shell.out("echo '{\"a\":1}' | llmcache put request.json");
    name = shell.out("printf %s $(llmcache hash request.json)");
    hash = shell.out("printf %s $(llmcache hash --hash-only request.json)");
  }
  std::string start() const { return hash.substr(0, 8); }
  // Lists the entry under another name too. It cannot be looked up there, since the row's id belongs to the first name.
  void list_also_as(const std::string& other) const {
    shell.out("sqlite3 .cache/llmcache/cache.db \"INSERT INTO entries SELECT 1, '" + other +
              "', expires, used, value FROM entries WHERE name = '" + name + "'\"");
  }
};

}  // namespace

TEST_CASE("every command takes a file, a full name and the beginning of a hash for the same entry") {
  const Named named;
  const auto& shell = named.shell;
  for (const auto& argument : {std::string("request.json"), named.name, named.hash, named.start()}) {
    INFO(argument);
    CHECK(shell.out("llmcache get " + argument) == "{\"a\":1}\n");
    CHECK(shell.out("llmcache replay " + argument) == "{\"a\":1}\n");
    CHECK(shell.out("llmcache show --response " + argument) == "{\"a\":1}\n");
    CHECK(shell.out("llmcache show --raw " + argument).starts_with("LLMC"));
    CHECK(shell.out("llmcache diff request.json " + argument).empty());
    CHECK(shell.out("llmcache clear " + argument).empty());
    CHECK(shell.run("llmcache get request.json").exit == 1);
    shell.out("echo '{\"a\":1}' | llmcache put request.json");
  }
}

TEST_CASE("an argument that names nothing is a usage error that says what was tried") {
  const Named named;
  for (const auto& argument :
       {std::string("nothing"), std::string("nothing.json"), named.hash.substr(0, 7), std::string("00000000"),
        std::string(32, '0'), std::string("llmcache:default_"), std::string("."), named.hash.substr(0, 8) + "g"}) {
    for (const auto* command : {"get", "replay", "show", "clear", "diff request.json"}) {
      const auto ran = named.shell.run(std::string("llmcache ") + command + " " + argument);
      INFO(command << " " << argument);
      CHECK(ran.exit == 2);
      CHECK(ran.out.empty());
      CHECK(ran.err == "llmcache: error: '" + argument +
                           "' is neither a file nor the full name of an entry nor the first 8 or more hex digits of a "
                           "stored entry's hash\n");
    }
    for (const auto* command : {"hash", "hash --lines", "put"}) {
      const auto ran = named.shell.run(std::string("llmcache ") + command + " " + argument);
      CHECK(ran.exit == 2);
      CHECK(ran.err == "llmcache: error: '" + argument + "' is not a file; a request is expected here\n");
    }
  }
}

TEST_CASE("a full name that is not stored is a miss") {
  const Named named;
  const std::string absent = "llmcache:nobody_" + named.hash;
  for (const auto* command : {"get", "replay", "show", "clear"}) {
    CHECK(named.shell.run(std::string("llmcache ") + command + " " + absent).exit == 1);
  }
}

TEST_CASE("a file named like an entry is the request, unless --key says otherwise") {
  const Named named;
  const auto& shell = named.shell;
  shell.write(named.start(), R"({"model":"other"})");
  shell.out("echo '{\"b\":2}' | llmcache put " + named.start());
  for (const auto* command : {"get", "replay"}) {
    CHECK(shell.out(std::string("llmcache ") + command + " " + named.start()) == "{\"b\":2}\n");
    CHECK(shell.out(std::string("llmcache ") + command + " --request " + named.start()) == "{\"b\":2}\n");
    CHECK(shell.out(std::string("llmcache ") + command + " --key " + named.start()) == "{\"a\":1}\n");
  }
  CHECK(shell.out("llmcache show --response --key " + named.start()) == "{\"a\":1}\n");
  shell.out("llmcache clear --key " + named.start());
  CHECK(shell.run("llmcache get request.json").exit == 1);
  CHECK(shell.out("llmcache get " + named.start()) == "{\"b\":2}\n");
  CHECK(shell.run("llmcache clear --request " + named.name).exit == 2);
  CHECK(shell.run("llmcache get --request " + named.name).exit == 2);
}

TEST_CASE("the beginning of two hashes lists the candidates, and changes nothing") {
  const Named named;
  std::string other = named.name;
  other.back() = other.back() == '0' ? '1' : '0';
  named.list_also_as(other);
  for (const auto* command : {"get", "replay", "show", "clear", "diff request.json"}) {
    const auto ran = named.shell.run(std::string("llmcache ") + command + " " + named.start());
    INFO(command);
    CHECK(ran.exit == 2);
    CHECK(ran.err.starts_with("llmcache: error: '" + named.start() + "' matches several entries: "));
    CHECK(ran.err.find(named.name) != std::string::npos);
    CHECK(ran.err.find(other) != std::string::npos);
  }
  CHECK(named.shell.out("llmcache ls | wc -l") == "2\n");
}

TEST_CASE("of one hash get and replay choose by kind, clear takes all, and other commands list the candidates") {
  const Named named;
  const auto& shell = named.shell;
  shell.write("stream", kStreamed);
  shell.out("llmcache put --stream request.json < stream");
  CHECK(shell.out("llmcache get " + named.start()) == "{\"a\":1}\n");
  CHECK(shell.out("llmcache replay " + named.start()) == kStreamed);
  CHECK(shell.out("llmcache replay " + named.name) == kStreamed);
  CHECK(shell.out("llmcache get " + named.name + "_stream") == kStreamed);
  CHECK(shell.out("llmcache show --stream " + named.start()) == kStreamed);
  CHECK(shell.out("llmcache show --response " + named.start()) == "{\"a\":1}\n");
  for (const auto* command : {"show", "diff request.json"}) {
    const auto ran = shell.run(std::string("llmcache ") + command + " " + named.start());
    CHECK(ran.exit == 2);
    CHECK(ran.err.find(named.name + ", " + named.name + "_stream") != std::string::npos);
  }
  shell.out("echo '{\"c\":3}' | llmcache put --endpoint https://a.example/v1 request.json");
  CHECK(shell.run("llmcache get " + named.start()).exit == 2);
  shell.out("echo '{\"d\":4}' | llmcache put --sample 2 request.json");
  CHECK(shell.out("llmcache clear --json " + named.start()) == "{\"schema\":\"llmcache.clear/1\",\"removed\":4}\n");
}

TEST_CASE("a hash is looked for in the session, and in the others only if none was named") {
  const Named named;
  const auto& shell = named.shell;
  shell.out("echo '{\"t\":1}' | llmcache put --session team request.json");
  CHECK(shell.out("llmcache get " + named.start()) == "{\"a\":1}\n");
  CHECK(shell.out("llmcache get --session team " + named.start()) == "{\"t\":1}\n");
  shell.out("llmcache clear " + named.start());
  CHECK(shell.out("llmcache get " + named.start()) == "{\"t\":1}\n");
  CHECK(shell.run("llmcache get --session default " + named.start()).exit == 2);
}

TEST_CASE("a hash that several sessions have lists the candidates, and clear removes none of them") {
  const Named named;
  const auto& shell = named.shell;
  shell.out("llmcache clear request.json");
  for (const char* const session : {"alice", "bob"}) {
    shell.out(fmt::format("echo '{{\"a\":1}}' | llmcache put --session {} request.json", session));
  }
  for (const auto* command : {"get", "show", "clear"}) {
    const auto ran = shell.run(std::string("llmcache ") + command + " " + named.start());
    CHECK(ran.exit == 2);
    CHECK(ran.err.find("matches several entries") != std::string::npos);
  }
  CHECK(shell.out("llmcache ls | wc -l") == "2\n");
}

TEST_CASE("the digits of a hash may be written in capitals") {
  const Named named;
  CHECK(named.shell.out("llmcache get $(echo " + named.start() + " | tr a-f A-F)") == "{\"a\":1}\n");
}
