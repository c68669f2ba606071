// How diff and --why show where two requests differ.
#include "ui/difference.h"

#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "cli/terminal_session.h"

using llmcache::show_value;
using llmcache::show_windows;
using llmcache::test::contains;
using llmcache::test::TerminalSession;

namespace {

std::string windows_of(const std::string& left, const std::string& right) {
  const auto json = [](const std::string& text) { return nlohmann::json(text).dump(); };
  return show_windows({"/p", json(left), json(right)}).value_or("none");
}

std::string chat_of(const std::string& messages) {
  return R"({"model":"m","messages":[)" + messages + "]}";
}
std::string user_says(const std::string& text) {
  return fmt::format(R"({{"role":"user","content":"{}"}})", text);
}

constexpr const char* kHello = R"({"choices":[{"index":0,"finish_reason":"stop","message":{"content":"Hi"}}]})";

void put_stored(const TerminalSession& shell, const std::string& request, const std::string& options = "--ttl never") {
  shell.write("stored.json", request);
  shell.out(fmt::format("echo '{}' | llmcache put stored.json {}", kHello, options));
}

}  // namespace

TEST_CASE("of long texts only a window around what differs is shown, whole words in brackets") {
  const std::string before = "You are a helpful assistant for the support team. The time is ";
  const std::string after = ". Be kind and answer in the language of the customer.";
  CHECK(windows_of(before + "10:00:00" + after, before + "10:00:07" + after) ==
        "…team. The time is [10:00:00|10:00:07]. Be kind and answer in…");
  CHECK(windows_of(std::string(100, 'a') + " end", std::string(100, 'a') + " end!") ==
        "…" + std::string(20, 'a') + " end[|!]");
  CHECK(windows_of("short", "other") == "none");
}

TEST_CASE("several places that differ have a window each, near ones share one, and no more than three are shown") {
  const std::string gap = " and then nothing happens for quite a long while until at last comes ";
  CHECK(windows_of("one" + gap + "two, three.", "ONE" + gap + "TWO, THREE.") ==
        "[one|ONE] and then nothing… …until at last comes [two|TWO], [three|THREE].");
  std::string left;
  std::string right;
  for (int i = 0; i < 6; ++i) {
    left += fmt::format("left{}{}", i, gap);
    right += fmt::format("right{}{}", i, gap);
  }
  CHECK(windows_of(left, right).ends_with("[left2|right2] and 3 more"));
}

TEST_CASE("windows are cut between characters, and control characters are escaped") {
  std::string left;
  for (int i = 0; i < 60; ++i) left += "日本";
  const std::string shown = windows_of(left + " x\n\x1b[31m", left + " y\n\x1b[31m");
  CHECK(contains(shown, "日本 [x|y]\\n\\u001b[31m"));
  CHECK(nlohmann::json(shown).dump().size() > 0);
  const std::string long_change = windows_of(std::string(500, 'a') + left, std::string(500, 'b') + left);
  CHECK(long_change.size() < 400);
}

TEST_CASE("texts of thousands of different words are compared in bounded time and space") {
  std::string left;
  std::string right;
  for (int i = 0; i < 20'000; ++i) {
    left += fmt::format("l{} ", i);
    right += fmt::format("r{} ", i);
  }
  CHECK(windows_of(left, right).size() < 400);
}

TEST_CASE("a value that only one side has is cut") {
  CHECK(show_value(std::nullopt) == "(absent)");
  CHECK(show_value("1.5") == "1.5");
  CHECK(show_value(std::string(1000, '1')) == std::string(200, '1') + "…");
}

TEST_CASE("diff shows an inserted message as one line and a changed time in its window") {
  const TerminalSession shell;
  shell.write("a.json",
              chat_of(user_says("The time is 10:00:00. Be kind, and answer in the language of the customer.") + "," +
                      user_says("one") + "," + user_says("two")));
  shell.write("b.json",
              chat_of(user_says("The time is 10:00:07. Be kind, and answer in the language of the customer.") + "," +
                      user_says("new") + "," + user_says("one") + "," + user_says("two")));
  CHECK(shell.run("llmcache diff a.json b.json").out ==
        "/messages/0/content: The time is [10:00:00|10:00:07]. Be kind, and answer in…\n"
        "/messages/1: (absent) -> {\"content\":\"new\",\"role\":\"user\"}\n");
}

TEST_CASE("diff tells one request under two keys from one key") {
  const TerminalSession shell;
  const std::string request = chat_of(user_says("hi"));
  put_stored(shell, request);
  put_stored(shell, request, "--ttl never --sample 1");
  put_stored(shell, request, "--ttl never --endpoint https://x.example/v1");
  put_stored(shell, request, "--ttl never --session other");
  shell.write("a.json", request);
  CHECK(shell.run("llmcache diff a.json stored.json").exit == 0);
  CHECK(shell.run("llmcache diff a.json $(llmcache hash a.json)").exit == 0);
  for (const auto* options : {"--sample 1", "--session other", "--endpoint https://x.example/v1"}) {
    INFO(options);
    const auto diff =
        shell.run(fmt::format("llmcache diff $(llmcache hash a.json) $(llmcache ls -0 | tr '\\0' '\\n' | grep {})",
                              std::string(options).starts_with("--sample")    ? "_sample_1"
                              : std::string(options).starts_with("--session") ? "other_"
                                                                              : "_at_"));
    CHECK(diff.exit == 1);
    CHECK(diff.out.empty());
    CHECK(diff.err.find("the requests are the same, but not their session, endpoint or sample") != std::string::npos);
    CHECK(shell.run(fmt::format("llmcache diff {0} a.json $(llmcache hash {0} a.json)", options)).exit == 0);
  }
}

TEST_CASE("why names the edited request, not another one, by model, then endpoint, then words in common") {
  const TerminalSession shell;
  for (int ticket = 1; ticket <= 30; ++ticket) {
    put_stored(shell, chat_of(user_says(fmt::format("Classify ticket {}: the printer on floor {} is out of paper",
                                                    ticket, ticket * 7))));
  }
  shell.write("asked.json", chat_of(user_says("Classify ticket 3: the printer on floor 21 is out of blue paper")));
  const auto ran = shell.run("llmcache get --why asked.json");
  INFO(ran.err);
  CHECK(ran.exit == 1);
  CHECK(contains(ran.err, "floor 21 is out of [|blue ]paper"));
  put_stored(shell, R"({"model":"other","messages":[{"role":"user","content":"alpha beta"}]})");
  put_stored(shell, R"({"model":"m","prompt":"gamma"})");
  shell.write("asked.json", R"({"model":"other","prompt":"gamma"})");
  CHECK(contains(shell.run("llmcache get --why asked.json").err, "/prompt: stored (absent)"));
}

TEST_CASE("a miss says that the request is stored without its stream, or only as one") {
  const TerminalSession shell;
  shell.write("whole.json", R"({"model":"m","q":1})");
  shell.write("stream.json", R"({"model":"m","q":1,"stream":true})");
  shell.out("echo a | llmcache put whole.json");
  CHECK(contains(shell.run("llmcache run --mode replay --request stream.json").err, "without \"stream\": true"));
  shell.out("llmcache clear whole.json; printf 'data: a\n\n' | llmcache put stream.json");
  CHECK(contains(shell.run("llmcache get --why whole.json").err, "stored as a stream"));
}

TEST_CASE("run and replay explain a miss with --why too, in words and as JSON") {
  const TerminalSession shell;
  put_stored(shell, chat_of(user_says("one")));
  shell.write("asked.json", chat_of(user_says("two")));
  for (const std::string command :
       {"run --why --request asked.json -- false", "replay --why asked.json", "get --why asked.json"}) {
    INFO(command);
    const auto ran = shell.run("llmcache " + command);
    CHECK(contains(ran.err, "nearest stored request: llmcache:default_"));
    CHECK(contains(ran.err, "/messages/0/content: stored \"one\", asked \"two\""));
  }
  const auto ran = shell.run("llmcache run --json --why --request asked.json -- false");
  const auto miss = nlohmann::json::parse(ran.err.substr(0, ran.err.find('\n')));
  CHECK(miss.at("schema") == "llmcache.miss/1");
  CHECK(miss.at("miss") == "absent");
  CHECK(miss.at("nearest").at("differences").at(0).at("pointer") == "/messages/0/content");
  CHECK(shell.run("llmcache run --lines --why -- cat < asked.json").exit == 2);
  CHECK_FALSE(contains(shell.run("llmcache run --why --mode refresh --request asked.json -- echo x").err, "nearest"));
}

TEST_CASE("an entry that has expired is reported as expired for as long as the store has it") {
  const TerminalSession shell;
  for (const std::string url : {"sqlite:", "dir:files"}) {
    INFO(url);
    const std::string options = " --store " + url;
    put_stored(shell, chat_of(user_says("one")), "--ttl 200ms" + options);
    put_stored(shell, chat_of(user_says("another")), options);
    shell.write("asked.json", chat_of(user_says("one")));
    shell.out("sleep 0.3");
    CHECK(contains(shell.run("llmcache -v get asked.json" + options).err, "miss (expired "));
    CHECK(contains(shell.run("llmcache get --why asked.json" + options).err, "its entry expired "));
    CHECK(contains(shell.run("llmcache run --mode replay --request asked.json" + options).err, "its entry expired "));
    const auto miss = nlohmann::json::parse(shell.run("llmcache get --why --json asked.json" + options).err);
    CHECK(miss.at("miss") == "expired");
    CHECK(miss.contains("expired"));
    CHECK_FALSE(miss.contains("nearest"));
  }
}

TEST_CASE("why says what is wrong with an entry that cannot be used") {
  const TerminalSession shell;
  put_stored(shell, chat_of(user_says("one")));
  shell.out("llmcache reject stored.json");
  CHECK(contains(shell.run("llmcache get --why stored.json").err, "its entry cannot be used (rejected)"));
}

TEST_CASE("what differs in texts without spaces is shown to the character") {
  std::string before;
  for (int i = 0; i < 20; ++i) before += "用于测试的提示";
  const std::string window =
      windows_of(before + "今天是星期一。请分类。" + before, before + "今天是星期二。请分类。" + before);
  CHECK(contains(window, "星期[一|二]。请分类"));
  const std::string run =
      windows_of(std::string(60, 'x') + "1" + std::string(60, 'y'), std::string(60, 'x') + "2" + std::string(60, 'y'));
  CHECK(contains(run, "x[1|2]y"));
}
