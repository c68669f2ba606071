// Colors, and when they are left out.
#include <catch2/catch_test_macros.hpp>

#include "cli/terminal_session.h"

using llmcache::test::TerminalSession;

namespace {

constexpr const char* kBold = "\x1b[1m";
constexpr const char* kRed = "\x1b[31m";

// Runs `line` on a terminal.
std::string on_terminal(const TerminalSession& shell, const std::string& line) {
  return shell.out("TERM=xterm script -qec '" + line + "' /dev/null");
}

}  // namespace

TEST_CASE("nothing is colored without a terminal, except with --color always") {
  const TerminalSession shell;
  CHECK(shell.run("llmcache frobnicate").err.find('\x1b') == std::string::npos);
  CHECK(shell.run("llmcache --color always get /nowhere").err.find(kRed) != std::string::npos);
}

TEST_CASE("on a terminal headings are bold, except with --color never, NO_COLOR or a terminal without colors") {
  const TerminalSession shell;
  CHECK(on_terminal(shell, "llmcache ls").find(kBold) != std::string::npos);
  CHECK(on_terminal(shell, "llmcache --color never ls").find('\x1b') == std::string::npos);
  CHECK(on_terminal(shell, "NO_COLOR=1 llmcache ls").find('\x1b') == std::string::npos);
  CHECK(on_terminal(shell, "NO_COLOR= llmcache ls").find(kBold) != std::string::npos);
  CHECK(on_terminal(shell, "TERM=dumb llmcache ls").find('\x1b') == std::string::npos);
  CHECK(on_terminal(shell, "NO_COLOR=1 llmcache --color always ls").find(kBold) != std::string::npos);
}

TEST_CASE("JSON errors are never colored") {
  const TerminalSession shell;
  CHECK(shell.run("llmcache --json --color always get /nowhere").err.find('\x1b') == std::string::npos);
}
