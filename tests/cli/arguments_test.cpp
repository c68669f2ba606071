// Arguments: nothing after -- is parsed, every value arrives as it was given, and an empty value is never mistaken for
// an absent one.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "cli/command_line.h"
#include "cli/terminal_session.h"

using namespace llmcache;
using llmcache::test::TerminalSession;

namespace {

// Arguments that are special to some parsers of command lines.
const std::vector<std::string> kOdd{"[a,b]",  "[[x]]",  "[]", "{}",  "{a}",   "@file", "--opt=", "--",
                                    "-",      "",       "++", "'q'", "\"q\"", "a,b",   "%%",     "-x",
                                    "--help", "--json", "/h", "a b", "\\n",   "$HOME", "*",      "-1",
                                    "--a=b",  "#",      "~",  "!x",  "=",     ";",     "\xff"};

std::string quoted(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    line += " $'";
    for (const char c : word) line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    line += "'";
  }
  return line;
}

std::string one_per_line(const std::vector<std::string>& words) {
  std::string lines;
  for (const std::string& word : words) lines += "<" + word + ">\n";
  return lines;
}

bool exits_with_usage_error(const TerminalSession& shell, const std::string& line) {
  const auto ran = shell.run(line);
  UNSCOPED_INFO(line << ": " << ran.exit << " " << ran.err);
  return ran.exit == 2 && ran.out.empty() && ran.err.starts_with("llmcache: error: ");
}

}  // namespace

TEST_CASE("COMMAND receives its arguments exactly as they were given") {
  const TerminalSession shell;
  for (const auto* mode : {"", "--mode off", "--mode refresh"}) {
    CHECK(shell.out(fmt::format("echo '{{\"model\":\"m\"}}' | llmcache run {} -- printf '<%s>\\n' {}", mode,
                                quoted(kOdd))) == one_per_line(kOdd));
  }
  CHECK(shell.out("echo '{\"a\":1,\"b\":2}' | llmcache run -- jq -c '[.a,.b]'") == "[1,2]\n");
}

TEST_CASE("COMMAND must come after --") {
  const TerminalSession shell;
  for (const auto* words : {"cat", "curl -sS", "cat -q", "cat -- cat"}) {
    const auto ran = shell.run(std::string("echo '{\"model\":\"m\"}' | llmcache run ") + words);
    CHECK(ran.exit == 2);
    CHECK(ran.err.ends_with("put -- before your command: llmcache run -- curl ...\n"));
  }
  CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run").exit == 2);
  CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run --").exit == 2);
  CHECK(shell.run("echo '{\"model\":\"m\"}' | llmcache run --mode replay").exit == 1);
}

TEST_CASE("positional arguments and values arrive exactly as they were given") {
  for (const std::string& odd : kOdd) {
    INFO(odd);
    if (odd.empty()) continue;
    const auto parse = [](std::vector<const char*> words) {
      words.insert(words.begin(), "llmcache");
      return parse_command_line(static_cast<int>(words.size()), words.data());
    };
    const auto after = parse({"clear", "--", odd.c_str(), odd.c_str()});
    CHECK(after.text.empty());
    const auto value = parse({"hash", "--session", odd.c_str()});
    REQUIRE(value.flags.values.size() == 1);
    CHECK(value.flags.values[0].texts == std::vector<std::string>{odd});
    const auto joined = parse({("--session=" + odd).c_str(), "hash"});
    REQUIRE(joined.flags.values.size() == 1);
    CHECK(joined.flags.values[0].texts == std::vector<std::string>{odd});
  }
  const TerminalSession shell;
  shell.write("[a,b]", R"({"name":"[a,b]"})");
  shell.write("-x", R"({"name":"-x"})");
  shell.write("++", R"({"name":"++"})");
  for (const auto* file : {"'[a,b]'", "-- -x", "++"}) {
    CHECK(shell.run(std::string("llmcache hash --canonical ") + file).exit == 0);
  }
}

TEST_CASE("a value may look like an option, and a switch takes none") {
  const TerminalSession shell;
  CHECK(shell.out("llmcache --session --json config get session") == "--json\n");
  CHECK(shell.out("llmcache --session -- config get session") == "--\n");
  CHECK(shell.out("llmcache config get session --session=a=b") == "a=b\n");
  CHECK(exits_with_usage_error(shell, "llmcache --json=false config list"));
  CHECK(exits_with_usage_error(shell, "llmcache --json= config list"));
  CHECK(exits_with_usage_error(shell, "llmcache config list --session"));
}

TEST_CASE("an empty value of any option of any command is a usage error, or means the empty value") {
  const TerminalSession shell;
  shell.write("request.json", "{}");
  const auto check = [&](const Option& option, const std::string& command) {
    if (option.is_positional() || option.is_switch()) return;
    for (const std::string& flag : option.flags()) {
      INFO(flag << " of " << command);
      for (const auto& given : {flag + " ''", flag + "="}) {
        if (given.ends_with('=') && !flag.starts_with("--")) continue;
        const std::string line = fmt::format("llmcache {} {} < request.json", command, given);
        if (!option.may_be_empty) CHECK(exits_with_usage_error(shell, line));
      }
    }
  };
  for (const CommandRow& row : command_table()) {
    for (const Option& option : options_of(row)) check(option, std::string(row.name));
  }
  for (const Option& option : global_options()) check(option, "hash");
  CHECK(shell.out("llmcache --prefix '' hash request.json").starts_with("default_"));
  CHECK(shell.out("llmcache --prefix= hash request.json").starts_with("default_"));
}

TEST_CASE("an empty option removes nothing") {
  const TerminalSession shell;
  shell.write("request.json", "{}");
  shell.out("echo '{\"answer\":1}' | llmcache put request.json");
  for (const auto* filter : {"--older-than \"$UNSET\"", "--model ''", "--max-delete=", "--rate ''"}) {
    CHECK(exits_with_usage_error(shell, std::string("llmcache purge -y llmcache: ") + filter));
  }
  CHECK(exits_with_usage_error(shell, "llmcache purge -y ''"));
  CHECK(exits_with_usage_error(shell, "llmcache clear ''"));
  CHECK(exits_with_usage_error(shell, "llmcache clear --request ''"));
  CHECK(shell.out("llmcache ls | wc -l") == "1\n");
}

TEST_CASE("an empty positional argument is a usage error") {
  const TerminalSession shell;
  for (const auto* line : {"get ''", "hash ''", "put '' --response /dev/null", "replay ''", "show ''", "diff '' ''",
                           "clear a ''", "help ''", "config ''", "config get ''", "completion ''"}) {
    CHECK(exits_with_usage_error(shell, std::string("echo '{}' | llmcache ") + line));
  }
}
