// Every command works for a user with the rights that the manual asks for, and with no others.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>
#include <sstream>

#include "cli/terminal_session.h"
#include "support/paths.h"
#include "support/redis_cluster.h"
#include "support/redis_sentinels.h"
#include "support/redis_server.h"

using llmcache::test::TerminalSession;
using support::RedisServer;

namespace {

constexpr const char* kCommon = "ACL SETUSER llmcache on >password ~llmcache:* ";

// The manual's ACL SETUSER, word by word.
std::vector<std::string> rights_of_the_manual() {
  std::ifstream file(LLMCACHE_TEST_DATA "/../man/llmcache.1");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kCommon)) continue;
    std::istringstream words(line);
    return {std::istream_iterator<std::string>(words), {}};
  }
  return {};
}

void restrict(RedisServer& server, const std::vector<std::string>& further = {}) {
  auto command = rights_of_the_manual();
  REQUIRE_FALSE(command.empty());
  command.insert(command.end(), further.begin(), further.end());
  CHECK(server.command(command) == "OK");
}

// "redis+cluster://h:p" with the user's name.
std::string as_user(std::string url) {
  return url.insert(url.find("//") + 2, "llmcache@");
}

void use_every_command(const std::string& url) {
  const TerminalSession shell;
  shell.write("a.json", R"({"model":"m","a":1})");
  shell.write("s.json", R"({"model":"m","stream":true})");
  shell.write("large.json", fmt::format(R"({{"text":"{}"}})", std::string(2 << 20, 'x')));
  const std::string before = fmt::format(
      "set -e; export LLMCACHE_STORE='{}' LLMCACHE_PASSWORD=password LLMCACHE_CONNECT_TIMEOUT=20s LLMCACHE_TIMEOUT=20s "
      "LLMCACHE_DEADLINE=60s; K=$(llmcache hash a.json); ",
      as_user(url));
  const auto out = [&](const std::string& line) { return shell.out(before + line); };
  CHECK(out("echo '{\"x\":1}' | llmcache put a.json") == "");
  CHECK(out("llmcache put --only-new a.json --response large.json") == "");
  CHECK(out("llmcache get a.json") == "{\"x\":1}\n");
  CHECK(out("llmcache get --key $K") == "{\"x\":1}\n");
  CHECK(out("llmcache run --request s.json -- printf 'data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\\n\\ndata: "
            "[DONE]\\n\\n' | tail -n 2") == "data: [DONE]\n\n");
  CHECK(out("llmcache replay s.json | tail -n 2") == "data: [DONE]\n\n");
  CHECK(out("llmcache put <(echo '{\"model\":\"m\",\"a\":2}') --response large.json; llmcache get <(echo "
            "'{\"model\":\"m\",\"a\":2}') | wc -c") == fmt::format("{}\n", shell.read("large.json").size()));
  CHECK(out("llmcache ls | wc -l") == "3\n");
  CHECK(out("llmcache show --response $K") == "{\"x\":1}\n");
  CHECK(out("llmcache diff $K a.json") == "");
  CHECK(shell.run(before + "echo '{\"model\":\"n\"}' | llmcache get --why").exit == 1);
  CHECK(out("llmcache doctor").find("[PASS] rights") != std::string::npos);
  CHECK(out("llmcache doctor").find("statistics") == std::string::npos);
  CHECK(out("llmcache stats --by model | cut -f 1,2") == "m\t3\n-\t1\nn\t0\n");
  CHECK(out("llmcache clear $K; llmcache ls | wc -l") == "2\n");
  CHECK(out("llmcache purge llmcache: --yes -q; llmcache ls | wc -l") == "0\n");
}

}  // namespace

TEST_CASE("the rights of the manual are enough for every command on one server") {
  RedisServer server;
  restrict(server);
  use_every_command(server.url());
}

TEST_CASE("the rights of the manual are enough for every command on a cluster") {
  support::RedisCluster cluster;
  for (std::size_t i = 0; i < 2 * support::RedisCluster::kMasters; ++i) {
    restrict(cluster.server(i), {"+cluster|slots", "+cluster|nodes", "+asking"});
  }
  use_every_command(cluster.url());
}

TEST_CASE("the rights of the manual are enough for every command with sentinels") {
  support::RedisSentinels sentinels;
  restrict(sentinels.master(), {"+role"});
  use_every_command(sentinels.url());
}
