#include "cli/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "cli/help_text.h"
#include "cli/parser.h"
#include "config/values.h"

namespace llmcache {

namespace {

using Words = std::vector<std::string>;

bool is_option(std::string_view word) {
  return word.size() > 1 && word.front() == '-';
}

// The first word that is neither an option nor the value of a global one.
Words::const_iterator find_name(const Words& words, const std::vector<Option>& globals) {
  for (auto word = words.begin(); word != words.end() && *word != "--"; ++word) {
    if (!is_option(*word)) return word;
    const bool takes_next = std::ranges::any_of(
        globals, [&](const Option& option) { return !option.is_switch() && option.has_flag(*word); });
    if (takes_next && std::next(word) != words.end()) ++word;
  }
  return words.end();
}

std::string or_nearest(std::string_view word, const std::vector<std::string>& known, const std::string& otherwise) {
  const std::string near = nearest(word, known);
  return near.empty() ? otherwise : fmt::format("did you mean '{}'?", near);
}

[[noreturn]] void unknown_command(const std::string& name) {
  // Names that other programs use for the command.
  constexpr std::pair<std::string_view, const char*> kSynonyms[] = {
      {"rm", "clear"}, {"del", "clear"}, {"delete", "clear"}, {"remove", "clear"}, {"list", "ls"},
      {"cat", "show"}, {"set", "put"},   {"store", "put"},    {"exec", "run"},     {"flush", "purge"}};
  Words known;
  for (const CommandRow& row : command_table()) known.emplace_back(row.name);
  for (const auto& [word, command] : kSynonyms) {
    if (name == word) known = {command};
  }
  const bool is_synonym = known.size() == 1;
  usage_error(fmt::format("unknown command '{}'; {}", name,
                          is_synonym ? fmt::format("did you mean '{}'?", known.front())
                                     : or_nearest(name, known, "'llmcache --help' lists the commands")));
}

[[noreturn]] void unknown_option(std::string_view word, const std::vector<Option>& options, const std::string& see) {
  // Without the option's value, which may be a secret.
  const std::string name(word.substr(0, word[1] == '-' ? word.find('=') : 2));
  if (name == "--password") {
    usage_error("there is no --password: use --password-file, --password-command or LLMCACHE_PASSWORD");
  }
  Words known;
  for (const Option& option : options) std::ranges::move(option.flags(), std::back_inserter(known));
  if (word[1] != '-') known.clear();  // any two letters are similar
  usage_error(fmt::format("unknown option '{}'; {}", name, or_nearest(name, known, see)));
}

[[noreturn]] void wrong_usage(const CommandRow& row, const std::string& problem) {
  usage_error(fmt::format("{}usage: {}", problem.empty() ? "" : problem + "; ", usage_line(row)));
}

std::string describe_missing_dashes(const CommandRow& row) {
  return fmt::format("put -- before your command: llmcache {} -- {}", row.name,
                     row.name == "serve" ? "npm test" : "curl ...");
}

void check_choice(const Option& option, const std::string& value) {
  if (option.choices.empty() || value.empty() || std::ranges::count(option.choices, value) > 0) return;
  usage_error(fmt::format("{}: '{}' is not one of {}", option.flags().back(), shortened(value),
                          fmt::join(option.choices, ", ")));
}

// Gives the positional arguments their values.
void assign_positional(const CommandRow& row, const std::vector<Option>& own, ParsedArguments& parsed) {
  const auto program = std::ranges::find_if(own, &Option::after_dashes);
  if (program != own.end()) {
    if (parsed.has_dashes && parsed.after_dashes.empty()) usage_error("COMMAND is missing after --");
    for (const std::string& word : parsed.after_dashes) program->assign(word);
    if (!parsed.positional.empty()) usage_error(describe_missing_dashes(row));
    return;
  }
  auto& words = parsed.positional;
  words.insert(words.end(), parsed.after_dashes.begin(), parsed.after_dashes.end());
  auto word = words.begin();
  for (const Option& option : own) {
    if (!option.is_positional()) continue;
    if (word == words.end() && option.required) wrong_usage(row, "");
    const auto end = option.is_repeatable() || word == words.end() ? words.end() : std::next(word);
    for (; word != end; ++word) {
      if (word->empty() && !option.may_be_empty) usage_error(fmt::format("{} is empty", option.names));
      option.assign(*word);
    }
  }
  if (word != words.end()) wrong_usage(row, fmt::format("unexpected argument '{}'", *word));
}

// The global options that were given, as settings.
void add_settings(const ParsedArguments& parsed, Layer& layer) {
  std::size_t index = 0;
  for (const Setting& setting : setting_table()) {
    if (setting.flag.empty()) continue;
    std::vector<std::string> texts = parsed.values[index++];
    if (setting.value.empty()) std::ranges::fill(texts, setting.switch_value);
    if (!texts.empty()) layer.values.push_back({&setting, std::move(texts)});
  }
}

// The text that --help or --version prints; empty if neither was given.
std::string information(const ParsedArguments& parsed, std::size_t global_count, const CommandRow* row) {
  if (!parsed.values[global_count - 2].empty()) return row != nullptr ? help_text(*row) : help_text();
  return parsed.values[global_count - 1].empty() ? "" : "llmcache " LLMCACHE_VERSION "\n";
}

// Before a command there is no other word than the options of all commands.
void check_options(const ParsedArguments& before_command, const std::vector<Option>& globals) {
  if (before_command.positional.empty()) return;
  unknown_option(before_command.positional.front(), globals, "see 'llmcache help options'");
}

Invocation without_command(const std::vector<Option>& globals, const Words& words) {
  const ParsedArguments parsed = parse_arguments(globals, words);
  Invocation invocation;
  invocation.text = information(parsed, globals.size(), nullptr);
  if (!invocation.text.empty()) return invocation;
  check_options(parsed, globals);
  usage_error("no command given; 'llmcache --help' lists the commands");
}

}  // namespace

Invocation parse_command_line(int count, const char* const* arguments) {
  Words words(arguments + std::min(count, 1), arguments + count);
  std::vector<Option> options = global_options();
  const std::size_t global_count = options.size();
  const auto name = find_name(words, options);
  if (name == words.end()) return without_command(options, words);
  const CommandRow* row = find_command(*name);
  if (row == nullptr) {
    // The word may be the value of an option that does not exist, perhaps a secret.
    check_options(parse_arguments(options, Words(std::as_const(words).begin(), name)), options);
    unknown_command(*name);
  }
  words.erase(name);

  Invocation invocation;
  invocation.command = row->make();
  Options declared;
  invocation.command->declare(declared);
  const std::vector<Option>& own = declared.all();
  options.insert(options.end(), own.begin(), own.end());
  ParsedArguments parsed = parse_arguments(options, words);
  invocation.text = information(parsed, global_count, row);
  if (!invocation.text.empty()) return invocation;
  if (const auto unknown = std::ranges::find_if(parsed.positional, is_option); unknown != parsed.positional.end()) {
    const bool runs_a_program = std::ranges::any_of(own, &Option::after_dashes) && parsed.after_dashes.empty();
    unknown_option(*unknown, options,
                   runs_a_program ? describe_missing_dashes(*row) : fmt::format("see 'llmcache {} --help'", row->name));
  }
  add_settings(parsed, invocation.flags);
  for (std::size_t i = 0; i < own.size(); ++i) {
    for (const std::string& value : parsed.values[global_count + i]) {
      check_choice(own[i], value);
      own[i].assign(value);
    }
  }
  assign_positional(*row, own, parsed);
  return invocation;
}

std::vector<Option> global_options() {
  std::vector<Option> options;
  options.reserve(setting_table().size() + 2);
  for (const Setting& setting : setting_table()) {
    if (setting.flag.empty()) continue;
    Option option{setting.flag, setting.value, setting.help};
    option.may_be_empty = setting.may_be_empty;
    if (setting.field.choices != nullptr) option.choices = setting.field.choices();
    options.push_back(std::move(option));
  }
  options.push_back({"-h,--help", "", "shows help"});
  options.push_back({"--version", "", "shows the version"});
  return options;
}

std::vector<Option> options_of(const CommandRow& row) {
  Options options;
  row.make()->declare(options);
  return options.all();
}

}  // namespace llmcache
