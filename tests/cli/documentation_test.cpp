// The man pages agree with the tables of options and settings.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <utility>

#include "cli/command_line.h"
#include "cli/help_text.h"
#include "cli/terminal_session.h"
#include "config/settings.h"
#include "support/files.h"
#include "support/paths.h"

using namespace llmcache;

namespace {

std::string read(const std::string& page) {
  auto text = libcache::test::content_of(std::string(LLMCACHE_TEST_DATA "/../man/") + page);
  REQUIRE_FALSE(text.empty());
  return text;
}

// Long and short options as mdoc writes them in lists: ".It Fl Fl ttl Ar D", ".It Fl q , Fl Fl quiet".
std::set<std::string> documented_options(const std::string& page) {
  std::set<std::string> options;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(".It Fl ")) continue;
    std::istringstream words(line);
    std::string dashes;
    for (std::string word; words >> word;) {
      if (word == "Fl") {
        dashes += "-";
      } else if (!dashes.empty()) {
        options.insert(std::exchange(dashes, "") + word);
      }
    }
  }
  return options;
}

void add_flags(std::set<std::string>& flags, const std::vector<Option>& options) {
  for (const Option& option : options) {
    for (const std::string& flag : option.flags()) flags.insert(flag);
  }
}

// The command that has a page of its own for its options.
constexpr std::string_view kServe = "serve";

}  // namespace

TEST_CASE("llmcache.1 documents exactly the options that exist") {
  auto documented = documented_options(read("llmcache.1"));
  documented.insert("--origin");  // documented in the text of config
  std::set<std::string> actual;
  add_flags(actual, global_options());
  for (const CommandRow& row : command_table()) {
    if (row.name != kServe) add_flags(actual, options_of(row));
  }
  CHECK(documented == actual);
}

TEST_CASE("llmcache-serve.1 documents exactly the options of serve") {
  std::set<std::string> actual;
  add_flags(actual, options_of(*find_command(kServe)));
  CHECK(documented_options(read("llmcache-serve.1")) == actual);
}

TEST_CASE("llmcache.1 has a section for each command, and --help lists it") {
  const std::string page = read("llmcache.1");
  for (const CommandRow& row : command_table()) {
    INFO(row.name);
    CHECK(page.find("\n.Ss " + std::string(row.name) + "\n") != std::string::npos);
    CHECK(help_text().find("  " + std::string(row.name) + " ") != std::string::npos);
  }
}

TEST_CASE("llmcache-config.5 documents each setting and its default") {
  const std::string page = read("llmcache-config.5");
  for (const Setting& setting : setting_table()) {
    INFO(setting.name);
    const auto start = page.find("\n.It Cm " + std::string(setting.name) + "\n");
    REQUIRE(start != std::string::npos);
    const std::string section = page.substr(start, page.find("\n.It Cm ", start + 1) - start);
    CHECK((section.find("Em trusted") != std::string::npos) == (setting.scope == Scope::trusted));
    const auto defaults = setting.default_texts();
    const std::string text = defaults.empty() ? "" : "Default:\n.Ql " + defaults.front() + " .";
    CHECK(section.find(text) != std::string::npos);
  }
}

TEST_CASE("the value of every setting reads back as it is written") {
  for (const Setting& setting : setting_table()) {
    INFO(setting.name);
    const auto defaults = setting.default_texts();
    if (defaults.empty()) continue;
    Settings settings;
    setting.field.apply(settings, defaults);
    CHECK(setting.field.texts(settings) == defaults);
  }
}

TEST_CASE("the messages that scripts may match are as listed") {
  const test::TerminalSession shell;
  shell.write("request.json", "{}");
  std::ifstream list(LLMCACHE_TEST_DATA "/golden/messages.tsv");
  std::size_t count = 0;
  for (std::string row; std::getline(list, row);) {
    if (row.starts_with('#')) continue;
    const std::vector<std::string> columns = split(row, '\t');
    REQUIRE(columns.size() == 3);
    const auto ran = shell.run(columns[1]);
    INFO(columns[1]);
    CHECK(ran.exit == std::stoi(columns[0]));
    CHECK(ran.err == shell.out("printf '%s\n' \"" + columns[2] + "\""));
    ++count;
  }
  CHECK(count >= 29);
}
