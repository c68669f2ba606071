// docs/bifrost.md: its commands work on entries that a gateway's plugin wrote.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/terminal_session.h"
#include "support/gateway_data.h"
#include "support/paths.h"
#include "support/redis_server.h"

namespace {

// The lines of the page's shell blocks.
std::string commands_of_the_page() {
  std::ifstream page(LLMCACHE_TEST_DATA "/../docs/bifrost.md");
  REQUIRE(page);
  std::string commands;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("```")) {
      inside = line == "```sh";
    } else if (inside) {
      commands += line + "\n";
    }
  }
  return commands;
}

}  // namespace

TEST_CASE("every command of docs/bifrost.md works on a gateway's cache as the page says") {
  const support::GatewayData data(LLMCACHE_TEST_DATA "/golden");
  support::RedisServer server;
  const llmcache::test::TerminalSession shell;
  for (const auto& [name, value] : data.values) server.command({"SET", name, value, "PX", "3600000"});
  shell.write("plugin.json", nlohmann::json{{"addr", fmt::format("127.0.0.1:{}", server.port())},
                                            {"prefix", "bifrost:cache:"},
                                            {"ttl", 3600000000000}}
                                 .dump());
  shell.write("request.json", data.request);
  shell.write("other.json", R"({"provider":"openai","model":"gpt-4o","input":{"text_completion_input":"x"}})");
  shell.write("response.json", data.values.at(data.key));
  shell.write("stream.sse", data.events());
  const std::string commands = commands_of_the_page();
  REQUIRE(commands.find("clear") != std::string::npos);
  const auto ran = shell.run("set -e\n" + commands);
  INFO(ran.out << ran.err);
  CHECK(ran.exit == 0);
  CHECK(ran.out.find(data.key + "\n") != std::string::npos);
  CHECK(ran.out.find(data.hit_response.substr(0, 40)) != std::string::npos);
  CHECK(ran.err.find(fmt::format("would remove {} entries", data.values.size())) != std::string::npos);
  CHECK(ran.out.find("XXH3, wyhash") != std::string::npos);
  CHECK(server.command({"DBSIZE"}) == "0");
}
