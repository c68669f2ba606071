// Stored and foreign text never reaches a terminal with characters that it would interpret, whatever the command.
#include "ui/terminal.h"

#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "cli/terminal_session.h"
#include "ui/json_line.h"

using namespace llmcache;
using llmcache::test::TerminalSession;

namespace {

// An escape sequence, DEL, a C1 control and a bidirectional control, in a text that is valid inside JSON strings.
const std::string kHostile = "\x7f\xc2\x9b\xe2\x80\xae";
constexpr const char* kEscape = "\\u001b]0;owned\\u0007";

std::string on_terminal(const TerminalSession& shell, const std::string& line) {
  return shell.run("TERM=dumb script -qec '" + line + "' /dev/null < /dev/null").out;
}

bool is_safe(const std::string& text) {
  for (const auto* hazard : {"\x1b", "\x07", "\x7f", "\xc2\x9b", "\xe2\x80\xae"}) {
    if (text.find(hazard) != std::string::npos) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("no command prints characters that a terminal would interpret") {
  const TerminalSession shell;
  const std::string text = kEscape + kHostile;
  const std::string request = fmt::format(R"({{"model":"m{0}","q{0}":"{0}"}})", text);
  shell.write("a.json", request);
  shell.write("b.json", fmt::format(R"({{"model":"m{0}","q{0}":"other {0}"}})", text));
  shell.write("answer.json", fmt::format(R"({{"model":"m{0}","text":"{0}"}})", text));
  shell.write("raw.txt", "\x1b]0;owned\x07" + kHostile);
  shell.write("config.json", nlohmann::json{{"session", kHostile}, {"provider", kHostile}}.dump());
  shell.out("llmcache put a.json --response answer.json");
  shell.out("llmcache put b.json --response raw.txt");
  for (const auto* command : {"ls",
                              "ls --long",
                              "ls --json",
                              "ls -0",
                              "show $(llmcache hash a.json)",
                              "show --json $(llmcache hash a.json)",
                              "show --request $(llmcache hash a.json)",
                              "show --response $(llmcache hash b.json)",
                              "show --raw $(llmcache hash b.json)",
                              "hash --explain a.json",
                              "hash --explain --json a.json",
                              "hash --canonical a.json",
                              "diff a.json b.json",
                              "diff --json a.json b.json",
                              "get --meta --json a.json >/dev/null",
                              "hash --provider $(cat raw.txt) a.json",
                              "config list --config config.json",
                              "config list --json --config config.json",
                              "config get session --config config.json",
                              "config get session --json --config config.json",
                              "doctor --config config.json",
                              "doctor --json --config config.json",
                              "purge --dry-run llmcache:",
                              "purge --dry-run --json llmcache:",
                              "clear --json $(cat raw.txt)",
                              "get $(cat raw.txt)",
                              "$(cat raw.txt)",
                              "--json $(cat raw.txt)",
                              "help $(cat raw.txt)"}) {
    INFO(command);
    CHECK(is_safe(on_terminal(shell, std::string("llmcache ") + command)));
  }
}

TEST_CASE("JSON escapes hazardous characters everywhere, and keeps the value") {
  const std::string text = "a\x1b\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81 \xc3\xa9\n";
  const std::string line = json_line("x", {{text, text}, {"raw", Json::raw("[\"" + kHostile + "\"]")}});
  CHECK(is_safe(line));
  const auto parsed = nlohmann::json::parse(line);
  CHECK(parsed[text] == text);
  CHECK(parsed["raw"][0] == kHostile);
  CHECK(line.find("\xc3\xa9") != std::string::npos);
  CHECK(Json("\xff").text() == "\"\xef\xbf\xbd\"");
}

TEST_CASE("text for people shows hazardous characters as escapes") {
  CHECK(escaped("a\x1b\x7f\xc2\x9b\xe2\x80\xae\n", false) == "a\\x1b\\x7f\\u009b\\u202e\\x0a");
  CHECK(escaped("a\tb\n", true) == "a\tb\n");
  CHECK(escaped("\xff\xc0\x80", true) == "\\xff\\xc0\\x80");
}

TEST_CASE("a command that waits for its input on a terminal says so") {
  const TerminalSession shell;
  for (const char* const command : {"hash -", "hash --lines", "get", "run --lines -- true", "import"}) {
    INFO(command);
    CHECK(on_terminal(shell, std::string("llmcache ") + command).find("reading from the terminal") !=
          std::string::npos);
  }
}
