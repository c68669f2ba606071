#include "cli/help_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/command_line.h"

namespace llmcache {

namespace {

constexpr std::size_t kTextColumn = 30;
constexpr std::size_t kLastColumn = 80;

// "  -q, --quiet                 prints no warnings", with the text wrapped.
std::string row_of(const std::string& left, std::string_view text) {
  std::string lines = "  " + left;
  if (lines.size() + 2 > kTextColumn) lines += '\n' + std::string(kTextColumn, ' ');
  std::size_t column = lines.size() - (lines.rfind('\n') + 1);
  lines.append(kTextColumn - column, ' ');
  column = kTextColumn;
  for (const std::string& word : split(text, ' ')) {
    if (column + word.size() > kLastColumn) {
      lines += '\n' + std::string(kTextColumn - 1, ' ');
      column = kTextColumn - 1;
    }
    if (column != kTextColumn) lines += ' ';
    column += word.size() + 1;
    lines += word;
  }
  return lines + '\n';
}

std::string row_of(const Option& option) {
  const std::string names =
      option.is_positional() ? std::string(option.names) : fmt::format("{}", fmt::join(option.flags(), ", "));
  return row_of(fmt::format("{}{}{}", names, option.placeholder.empty() ? "" : " ", option.placeholder), option.help);
}

std::string section(std::string_view title, const std::vector<Option>& options) {
  if (options.empty()) return "";
  std::string text = fmt::format("\n{}:\n", title);
  for (const Option& option : options) text += row_of(option);
  return text;
}

std::vector<Option> selected(std::vector<Option> options, bool positional) {
  std::erase_if(options, [&](const Option& option) { return option.is_positional() != positional; });
  return options;
}

// The global options with which the command is mostly used.
std::vector<Option> often_used(std::string_view settings) {
  const std::vector<Option> globals = global_options();
  std::vector<Option> options;
  for (const std::string& name : split(settings, ' ')) {
    const Setting* setting = find_setting(name);
    const auto option = std::ranges::find_if(globals, [&](const Option& o) { return o.names == setting->flag; });
    options.push_back(*option);
  }
  return options;
}

}  // namespace

std::string usage_line(const CommandRow& row) {
  const std::string_view usage = row.make()->help().usage;
  return fmt::format("llmcache {}{}{}", row.name, usage.empty() ? "" : " ", usage);
}

std::string help_text() {
  std::string text =
      "usage: llmcache [global options] COMMAND [options]\n\nAn exact-match cache for LLM API requests.\n"
      "\nCommands:\n";
  for (const CommandRow& row : command_table()) text += row_of(std::string(row.name), std::string(row.summary));
  return text +
         "\n'llmcache COMMAND --help' shows a command's options and examples,\n"
         "'llmcache help options' all options, and 'llmcache help TOPIC' explains\nexit-codes, keys, stores or "
         "config.\n";
}

std::string help_text(const CommandRow& row) {
  const CommandHelp help = row.make()->help();
  const std::vector<Option> own = options_of(row);
  return fmt::format("usage: {}\n\n{}\n", usage_line(row), help.text) + section("Arguments", selected(own, true)) +
         section("Options", selected(own, false)) + section("Often used with it", often_used(help.settings)) +
         fmt::format("\nExamples:\n{}\n\n'llmcache help options' lists all options.\n", help.examples);
}

std::string options_text() {
  std::string text = "Global options, before or after the command's name:\n";
  for (const Option& option : global_options()) text += row_of(option);
  for (const CommandRow& row : command_table()) {
    text += section(fmt::format("Options of {}", row.name), selected(options_of(row), false));
  }
  return text;
}

}  // namespace llmcache
