// What the cache has done and saved, as llmcache stats shows it.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "cli/terminal_session.h"
#include "support/paths.h"

using llmcache::test::TerminalSession;
namespace fs = std::filesystem;

namespace {

constexpr const char* kStats = ".cache/llmcache/cache.db-stats";

std::string answer_of(const std::string& model, int prompt, int completion) {
  return fmt::format(
      R"({{"model":"{}","choices":[{{"message":{{"content":"x"}},"finish_reason":"stop"}}],)"
      R"("usage":{{"prompt_tokens":{},"completion_tokens":{},"prompt_tokens_details":{{"cached_tokens":{}}}}}}})",
      model, prompt, completion, prompt / 2);
}

void write_request(const TerminalSession& shell, const std::string& name, const std::string& model) {
  shell.write(name + ".json", nlohmann::json{{"model", model}, {"messages", nlohmann::json::array()}}.dump());
  shell.write(name + ".answer", answer_of("m", 1000, 100));
}

// One miss that is stored, and `hits` hits.
void use(const TerminalSession& shell, const std::string& name, const std::string& model, int hits,
         const std::string& options = "") {
  write_request(shell, name, model);
  shell.out(fmt::format("llmcache run {1} --request {0}.json -- cat {0}.answer", name, options));
  for (int i = 0; i < hits; ++i) shell.out(fmt::format("llmcache get {1} {0}.json", name, options));
}

nlohmann::json stats(const TerminalSession& shell, const std::string& options = "") {
  return nlohmann::json::parse(shell.out("llmcache stats --json " + options));
}

// The lines that a terminal of this width shows.
std::vector<std::string> on_terminal(const TerminalSession& shell, int columns, const std::string& options) {
  const auto shown = shell.out(
      fmt::format("TERM=xterm script -qec 'stty cols {}; llmcache stats {}' /dev/null < /dev/null", columns, options));
  std::vector<std::string> lines;
  std::istringstream stream(shown);
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

std::string without_colors(std::string line) {
  for (std::size_t at; (at = line.find("\x1b[")) != std::string::npos;) line.erase(at, line.find('m', at) - at + 1);
  return line;
}

std::size_t width_of(const std::string& line) {
  return static_cast<std::size_t>(std::ranges::count_if(line, [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

TEST_CASE("stats counts what run, get, put and replay did, across processes") {
  const TerminalSession shell;
  use(shell, "a", "m", 2);
  CHECK(shell.run("llmcache get <(echo '{\"model\":\"m\",\"x\":1}')").exit == 1);
  CHECK(shell.run("llmcache run --mode replay < a.json").exit == 0);
  CHECK(shell.run("echo 'Internal Server Error' | llmcache put a.json").exit == 7);
  CHECK(shell.run("faketime '+8 minutes' llmcache get a.json").exit == 1);
  const auto total = stats(shell).at("total");
  CHECK(total.at("lookups") == 6);
  CHECK(total.at("hits") == 3);
  CHECK(total.at("misses").at("absent").get<int>() + total.at("misses").at("expired").get<int>() == 3);
  CHECK(total.at("stored") == 1);
  CHECK(total.at("refused").at("error") == 1);
  CHECK(total.at("prompt_tokens") == 3000);
  CHECK(total.at("cached_tokens") == 1500);
  CHECK(total.at("completion_tokens") == 300);
  CHECK(stats(shell).at("entries").at("count") == 1);
  CHECK(stats(shell).at("entries").at("bytes").get<int>() >= 4096);
  CHECK_FALSE(stats(shell, "--since 7d").contains("entries"));
  CHECK(total.at("hit_bytes") == 3 * shell.read("a.answer").size());
  const auto text = shell.out("llmcache stats");
  CHECK(text.find("\nhits\t3\t50.0%\n") != std::string::npos);
  CHECK(text.find("\ntokens saved prompt\t3000\n") != std::string::npos);
}

TEST_CASE("stats keeps prompts, answers and credentials out") {
  const TerminalSession shell;
  write_request(shell, "a", "m");
  shell.write("secret.json", R"({"model":"m","messages":[{"role":"user","content":"prompt-text"}]})");
  shell.out(
      "llmcache run --endpoint 'https://user:password-text@api.example.com/v1?api_key=key-text' --request secret.json "
      "-- "
      "cat a.answer");
  const auto file = shell.read(kStats);
  CHECK(file.find("api.example.com/v1") != std::string::npos);
  for (const char* secret : {"prompt-text", "password-text", "key-text", "finish_reason"}) {
    CHECK(file.find(secret) == std::string::npos);
  }
}

TEST_CASE("stats groups by model, session, endpoint and day, and filters") {
  const TerminalSession shell;
  use(shell, "a", "gpt-a", 3, "--session one");
  use(shell, "b", "gpt-b", 1, "--session two --endpoint https://b.example");
  use(shell, "c", "claude", 2, "--session two");
  CHECK(shell.out("llmcache stats --by model | cut -f 1,2") == "gpt-a\t3\nclaude\t2\ngpt-b\t1\n");
  CHECK(shell.out("llmcache stats --by model --top 1 | cut -f 1") == "gpt-a\n");
  CHECK(shell.out("llmcache stats --by session | cut -f 1,2") == "one\t3\ntwo\t3\n");
  CHECK(shell.out("llmcache stats --by endpoint | cut -f 1,2") == "-\t5\nhttps://b.example/\t1\n");
  CHECK(shell.out("llmcache stats --by day | cut -f 2") == "6\n");
  CHECK(shell.out("llmcache stats --by model --model 'gpt-*' | cut -f 1") == "gpt-a\ngpt-b\n");
  CHECK(shell.out("llmcache stats --by model --session two | cut -f 1") == "claude\ngpt-b\n");
  CHECK(shell.out("llmcache stats --by model --endpoint '*b.example*' | cut -f 1") == "gpt-b\n");
  const auto groups = stats(shell, "--by session").at("groups");
  REQUIRE(groups.size() == 2);
  CHECK(groups[1].at("session") == "two");
  CHECK(groups[1].at("lookups") == 5);
  CHECK(shell.run("llmcache stats --top 1").exit == 2);
  CHECK(shell.run("llmcache stats --by prompt").exit == 2);
  CHECK(shell.run("llmcache stats --by model --top 0").exit == 2);
}

TEST_CASE("with a filter by what only entries have, stats counts the entries that ls would list") {
  const TerminalSession shell;
  use(shell, "a", "gpt-a", 1);
  use(shell, "b", "gpt-b", 0);
  shell.write("s.json", R"({"model":"gpt-a","stream":true,"messages":[]})");
  shell.out(
      "printf 'data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\ndata: "
      "[DONE]\n\n' | llmcache put s.json");
  CHECK(stats(shell, "--kind stream").at("entries").at("count") == 1);
  CHECK(stats(shell, "--kind response").at("entries").at("count") == 2);
  CHECK(stats(shell, "--older-than 1h").at("entries").at("count") == 0);
  CHECK(stats(shell, "--kind response --grep gpt-b").at("entries").at("count") == 1);
  CHECK_FALSE(stats(shell, "--larger-than 1").contains("total"));
  CHECK(shell.out("llmcache stats --kind response | cut -f 1") == "entries\nbytes\n");
  CHECK(shell.run("llmcache stats --kind response --by model").exit == 2);
}

TEST_CASE("stats --since counts whole days of UTC") {
  const TerminalSession shell;
  write_request(shell, "a", "m");
  const auto at = [](const std::string& time) { return "TZ=UTC faketime '" + time + "' llmcache "; };
  shell.out(at("2026-11-20 23:59:00") + "run --ttl never --request a.json -- cat a.answer");
  shell.out(at("2026-11-20 23:59:58") + "get a.json");
  shell.out(at("2026-11-21 00:00:02") + "get a.json");
  shell.out(at("2026-11-21 00:00:04") + "get a.json");
  const auto hits_since = [&](const std::string& now, const std::string& since) {
    return nlohmann::json::parse(shell.out(at(now) + "stats --json --since " + since))
        .at("total")
        .at("hits")
        .get<int>();
  };
  CHECK(shell.out(at("2026-11-21 12:00:00") + "stats --by day | cut -f 1,2") == "2026-11-20\t1\n2026-11-21\t2\n");
  CHECK(hits_since("2026-11-21 00:00:10", "5s") == 2);
  CHECK(hits_since("2026-11-21 00:00:10", "20s") == 3);
  CHECK(hits_since("2026-11-27 12:00:00", "7d") == 3);
  CHECK(hits_since("2026-11-28 00:00:00", "7d") == 2);
  CHECK(hits_since("2026-11-29 00:00:00", "7d") == 0);
  CHECK(shell.out(at("2026-11-21 12:00:00") + "stats --by day --top 1 | cut -f 1") == "2026-11-21\n");
}

TEST_CASE("stats --prices shows money by the longest glob that matches") {
  const TerminalSession shell;
  use(shell, "a", "gpt-big", 2);
  use(shell, "b", "gpt-small", 1);
  use(shell, "c", "other", 1);
  shell.write("prices.json", R"({
    "gpt-*": {"prompt": 1, "completion": 2},
    "gpt-small*": {"prompt": 1000, "cached": 100, "completion": 10000}  // a million tokens
  })");
  const auto ran = shell.run("llmcache stats --by model --prices prices.json --json");
  CHECK(ran.exit == 0);
  const auto shown = nlohmann::json::parse(ran.out);
  // 2 x (1000 prompt + 100 completion) tokens, and 500 + 500 cached + 100.
  CHECK(shown.at("groups")[0].at("saved_money").get<double>() == (2 * 1000 * 1 + 2 * 100 * 2) / 1e6);
  CHECK(shown.at("groups")[2].at("saved_money").get<double>() + shown.at("groups")[1].at("saved_money").get<double>() ==
        (500 * 1000 + 500 * 100 + 100 * 10000) / 1e6);
  CHECK(shown.at("models_without_price") == nlohmann::json{"other"});
  const auto text = shell.run("llmcache stats --prices prices.json");
  CHECK(text.out.find("\nmoney saved\t1.55\n") != std::string::npos);
  shell.write("small.json", R"({"gpt-big": {"prompt": 0.1, "completion": 0}})");
  CHECK(shell.run("llmcache stats --prices small.json").out.find("\nmoney saved\t0.0002\n") != std::string::npos);
  CHECK(text.err == "llmcache: warning: prices.json has no price for other\n");
  for (const char* wrong :
       {"[]", "{", R"({"m":1})", R"({"m":{"prompt":1}})", R"({"m":{"prompt":-1,"completion":1}})",
        R"({"m":{"prompt":"1","completion":1}})", R"({"m":{"prompt":1,"completion":1,"output":1}})"}) {
    INFO(wrong);
    shell.write("wrong.json", wrong);
    const auto refused = shell.run("llmcache stats --prices wrong.json");
    CHECK(refused.exit == 2);
    CHECK(refused.err.find("wrong.json") != std::string::npos);
  }
  CHECK(shell.run("llmcache stats --prices missing.json").exit == 2);
}

TEST_CASE("stats --prometheus is the text format of Prometheus") {
  const TerminalSession shell;
  use(shell, "a", "m\"\\\n", 2);
  const auto text = shell.out("llmcache stats --prometheus --by model");
  CHECK(text.find("# TYPE llmcache_lookups_total counter\n"
                  "llmcache_lookups_total{model=\"m\\\"\\\\\\\\x0a\",outcome=\"hit\"} 2\n") != std::string::npos);
  CHECK(text.find("llmcache_saved_tokens_total{model=\"m\\\"\\\\\\\\x0a\",kind=\"prompt\"} 2000\n") !=
        std::string::npos);
  const auto all = shell.out("llmcache stats --prometheus");
  CHECK(all.find("\nllmcache_entries 1\n") != std::string::npos);
  CHECK(all.find("\nllmcache_stored_total 1\n") != std::string::npos);
  CHECK(all.find("\nllmcache_misses_total{reason=\"absent\"} 1\n") != std::string::npos);
  const std::string sample = R"([a-z_]+(\{[a-z]+="([^"\\]|\\.)*"(,[a-z]+="([^"\\]|\\.)*")*\})? [0-9.]+)";
  CHECK(shell.run("llmcache stats --prometheus --by model | grep -v '^#' | grep -vEx '" + sample + "'").out == "");
  CHECK(shell.run("llmcache stats --prometheus --json").exit == 2);
}

TEST_CASE("stats --zero forgets everything, and --no-stats counts nothing") {
  const TerminalSession shell;
  use(shell, "a", "m", 2);
  CHECK(shell.run("llmcache stats --zero --model m").exit == 2);
  CHECK(stats(shell).at("total").at("hits") == 2);
  const auto zeroed = nlohmann::json::parse(shell.out("llmcache stats --zero --json"));
  CHECK(zeroed.at("total").at("lookups") == 0);
  CHECK(stats(shell).at("total").at("lookups") == 0);
  shell.out("llmcache --no-stats get a.json");
  shell.out("LLMCACHE_STATS=no llmcache get a.json");
  shell.write(".config/llmcache/config.json", R"({"stats": false})");
  shell.out("llmcache get a.json");
  CHECK(stats(shell).at("total").at("lookups") == 0);
  shell.out("LLMCACHE_STATS=yes llmcache get a.json");
  CHECK(stats(shell).at("total").at("hits") == 1);
}

TEST_CASE("what many runs at the same time count is exact") {
  const TerminalSession shell;
  use(shell, "a", "m", 0);
  shell.out("for i in {1..64}; do llmcache get a.json > /dev/null & done; wait");
  CHECK(stats(shell).at("total").at("hits") == 64);
}

TEST_CASE("commands that show entries are not counted, and those that look up create no statistics") {
  const TerminalSession shell;
  use(shell, "a", "m", 0);
  shell.out("llmcache show $(llmcache hash a.json); llmcache ls; llmcache diff a.json $(llmcache hash a.json)");
  CHECK(stats(shell).at("total").at("lookups") == 1);
  fs::remove(shell.home() / kStats);
  shell.out("llmcache get a.json");
  CHECK_FALSE(fs::exists(shell.home() / kStats));
  shell.out("llmcache stats --zero");
  CHECK_FALSE(fs::exists(shell.home() / kStats));
}

TEST_CASE("stats fits terminals of 40, 80 and 200 columns, with and without color") {
  const TerminalSession shell;
  use(shell, "a", "a-model-with-a-name-that-is-much-longer-than-a-narrow-terminal-is-wide", 3);
  use(shell, "b", "m", 12);
  shell.write("prices.json", R"({"*": {"prompt": 1, "completion": 1}})");
  for (const int columns : {40, 80, 200}) {
    for (const char* options : {"", "--by model", "--by endpoint", "--by day --prices prices.json"}) {
      for (const char* color : {"--color always", "--color never"}) {
        INFO(columns << " " << options << " " << color);
        const auto lines = on_terminal(shell, columns, fmt::format("{} {}", options, color));
        CHECK(lines.size() >= 2);
        bool colored = false;
        for (const std::string& line : lines) {
          CHECK(width_of(without_colors(line)) <= static_cast<std::size_t>(columns));
          colored |= line.find('\x1b') != std::string::npos;
        }
        CHECK(colored == (std::string(color) == "--color always"));
      }
    }
  }
  const auto wide = on_terminal(shell, 80, "--by model --color never");
  CHECK(wide[0].starts_with("MODEL "));
  CHECK(wide[1].starts_with("m "));
  CHECK(wide[1].ends_with("######"));
  CHECK(wide[2].find("…") != std::string::npos);
  const auto narrow = on_terminal(shell, 40, "--by model --color never");
  CHECK(narrow[0].find("HITS") != std::string::npos);
  CHECK(narrow[0].find("LOOKUPS") == std::string::npos);
  const auto plain = shell.out("NO_COLOR=1 TERM=xterm script -qec 'llmcache stats' /dev/null < /dev/null");
  CHECK(plain.find('\x1b') == std::string::npos);
  CHECK(plain.find("####") != std::string::npos);
}

TEST_CASE("hostile names of models print no control characters") {
  const TerminalSession shell;
  use(shell, "a", "m\x1b]0;owned\x07\t\n\x7f\xc2\x9b\xe2\x80\xae", 1);
  shell.write("none.json", "{}");
  for (const char* options : {"--by model", "--by model --json", "--by model --prometheus", "--prices none.json"}) {
    INFO(options);
    const auto piped = shell.run(fmt::format("llmcache stats {}", options));
    std::string shown = piped.out + piped.err;
    for (const auto& line : on_terminal(shell, 80, fmt::format("--color never {}", options))) shown += line;
    for (const auto* hazard : {"\x1b", "\x07", "\x7f", "\xc2\x9b", "\xe2\x80\xae"}) {
      CHECK(shown.find(hazard) == std::string::npos);
    }
  }
  CHECK(shell.out("llmcache stats --by model | wc -l") == "1\n");
}

TEST_CASE("a store that keeps no statistics says so") {
  const TerminalSession shell;
  const auto ran = shell.run("llmcache --store memory: stats");
  CHECK(ran.exit == 2);
  CHECK(ran.err == "llmcache: error: this store keeps no statistics\n");
  CHECK(shell.out("llmcache --store sqlite:none.db stats | head -n 1") == "lookups\t0\n");
  CHECK_FALSE(fs::exists(shell.home() / "none.db"));
}

TEST_CASE("every command of docs/savings.md works") {
  const TerminalSession shell;
  use(shell, "a", "gpt-4o-mini", 2, "--session nightly");
  std::ifstream page(LLMCACHE_TEST_DATA "/../docs/savings.md");
  std::string commands = "set -e\n";
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("    ")) commands += line.substr(4) + "\n";
  }
  REQUIRE(commands.find("--prices") != std::string::npos);
  const auto ran = shell.run(commands);
  INFO(ran.err);
  CHECK(ran.exit == 0);
  CHECK(ran.out.find("gpt-4o-mini\t2\t66.7%") != std::string::npos);
  CHECK(shell.read("llmcache.prom").find("llmcache_lookups_total{model=\"gpt-4o-mini\",outcome=\"hit\"} 2\n") !=
        std::string::npos);
}
