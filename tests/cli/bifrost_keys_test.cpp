// --compat bifrost: hash and diff.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/terminal_session.h"
#include "support/paths.h"
#include "support/sanitizers.h"

using llmcache::test::TerminalSession;
using nlohmann::json;

namespace {

constexpr const char* kChat = R"({"model":"openai/gpt-4o","stream":true,"seed":7,"temperature":1.0,)"
                              R"("messages":[{"role":"user","content":"hi24"}]})";

std::vector<json> read_vectors() {
  std::ifstream file(LLMCACHE_TEST_DATA "/golden/keys/bifrost-keys.jsonl");
  std::vector<json> vectors;
  for (std::string line; std::getline(file, line);) vectors.push_back(json::parse(line));
  REQUIRE(vectors.size() == 300);
  return vectors;
}

std::string flags_of(const json& vector) {
  return fmt::format("--prefix '{}' --session '{}' --form {}{}{}", vector["prefix"].get<std::string>(),
                     vector["session"].get<std::string>(), vector["form"].get<std::string>(),
                     vector["by_model"].get<bool>() ? "" : " --no-model",
                     vector["by_provider"].get<bool>() ? "" : " --no-provider");
}

}  // namespace

TEST_CASE("hash --compat bifrost prints the key and the hashed bytes of every vector, or rejects it") {
  const TerminalSession shell;
  const auto vectors = read_vectors();
  std::string script;
  std::string expected;
  constexpr std::size_t kStep = libcache::test::kSanitized ? 5 : 1;
  for (std::size_t i = 0; i < vectors.size(); i += kStep) {
    const json& vector = vectors[i];
    shell.write(fmt::format("{}.json", i), vector["request"]);
    for (const auto* what : {"", " --canonical"}) {
      script += fmt::format("llmcache hash --compat bifrost {}{} {}.json 2>> errors; echo \" $?\"\n", flags_of(vector),
                            what, i);
    }
    expected += vector.contains("error") ? " 3\n 3\n"
                                         : fmt::format("{}\n 0\n{} 0\n", vector["key"].get<std::string>(),
                                                       vector["preimage"].get<std::string>());
  }
  CHECK(shell.run(script).out == expected);
}

TEST_CASE("under bifrost the prefix is empty unless it is set, wherever that is done") {
  const TerminalSession shell;
  shell.write("chat.json", R"({"model":"openai/gpt-4o","messages":[{"role":"user","content":"hi24"}]})");
  CHECK(shell.out("llmcache hash --compat bifrost chat.json") == "default_25910f2eae63b58\n");
  CHECK(shell.out("LLMCACHE_COMPAT=bifrost llmcache hash --hash-only chat.json") == "25910f2eae63b58\n");
  CHECK(shell.out("llmcache hash --compat bifrost --prefix p: --session s chat.json").starts_with("p:s_"));
  shell.write("config.json", R"({"compat": "bifrost", "prefix": "from-file:"})");
  CHECK(shell.out("llmcache --config config.json hash chat.json").starts_with("from-file:default_"));
  CHECK(shell.out("llmcache config list --origin --compat bifrost | grep ^prefix") == "prefix\t\tcompat\n");
}

TEST_CASE("hash --explain warns about the members that are not in a Bifrost key") {
  const TerminalSession shell;
  shell.write("chat.json", kChat);
  const auto ran = shell.run("llmcache hash --explain --compat bifrost chat.json");
  CHECK(ran.exit == 0);
  CHECK(ran.out.find("/seed\tignored\t7\tnot in the key under Bifrost") != std::string::npos);
  CHECK(ran.out.find("/temperature\trewritten\t1.0\t") != std::string::npos);
  CHECK(ran.err ==
        "llmcache: warning: not in the key under Bifrost: /seed; requests that differ only there share one entry\n");
  shell.write("plain.json", R"({"model":"p/m","text":"x"})");
  CHECK(shell.run("llmcache hash --explain --compat bifrost plain.json").err.empty());
}

TEST_CASE("diff --compat bifrost compares the members that are part of the keys") {
  const TerminalSession shell;
  shell.write("a.json", kChat);
  shell.write("b.json", R"({"model":"openai/gpt-4o","seed":8,"messages":[{"content":"hi24","role":"user"}],)"
                        R"("temperature":1})");
  shell.write("c.json", R"({"model":"openai/gpt-4o","messages":[{"role":"user","content":"hi25"}],"temperature":1})");
  CHECK(shell.run("llmcache diff --compat bifrost a.json b.json").exit == 0);
  const auto ran = shell.run("llmcache diff --compat bifrost a.json c.json");
  CHECK(ran.exit == 1);
  CHECK(ran.out == "/input/chat_completion_input/0/content: \"hi24\" -> \"hi25\"\n");
}

TEST_CASE("options that a gateway's cache does not have are rejected") {
  const TerminalSession shell;
  shell.write("chat.json", kChat);
  for (const auto* flags : {"--ignore /seed", "--sample 2", "--form poem"}) {
    CHECK(shell.run(fmt::format("llmcache hash --compat bifrost {} chat.json", flags)).exit == 2);
    CHECK(shell.run(fmt::format("llmcache hash --explain --compat bifrost {} chat.json", flags)).exit == 2);
  }
  CHECK(shell.run("llmcache hash --compat gateway chat.json").exit == 2);
}
