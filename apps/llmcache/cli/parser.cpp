#include "cli/parser.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "failure.h"

namespace llmcache {

namespace {

const Option* find_option(std::span<const Option> options, std::string_view flag) {
  if (!flag.starts_with('-')) return nullptr;
  const auto found = std::ranges::find_if(options, [&](const Option& option) { return option.has_flag(flag); });
  return found == options.end() ? nullptr : &*found;
}

// The arguments up to -- as CLI11 understands them: it takes the argument after "--name=" for its value, and ignores
// the value in "--switch=value". Moves `argument` to -- or to the end.
std::vector<std::string> prepared(std::span<const Option> options, std::span<const std::string> arguments,
                                  std::span<const std::string>::iterator& argument) {
  std::vector<std::string> result;
  for (argument = arguments.begin(); argument != arguments.end() && *argument != "--"; ++argument) {
    const std::string name = argument->substr(0, argument->find('='));
    const Option* option = find_option(options, name);
    const bool has_value = name.size() < argument->size();
    if (option != nullptr && option->is_switch() && has_value) usage_error(name + " takes no value");
    if (option != nullptr && !option->is_switch()) {
      if (!has_value && std::next(argument) == arguments.end()) {
        usage_error(fmt::format("{} needs a value ({})", name, option->placeholder));
      }
      result.push_back(name);
      result.push_back(has_value ? argument->substr(name.size() + 1) : *++argument);
    } else {
      result.push_back(*argument);
    }
  }
  return result;
}

// Whether an option may be among the arguments. Declaring one costs CLI11 more than looking up an entry does.
bool is_mentioned(const Option& option, std::span<const std::string> arguments) {
  return std::ranges::any_of(arguments, [&](const std::string& argument) {
    const bool is_bundle = argument.size() > 1 && argument[0] == '-' && argument[1] != '-';
    return is_bundle ? option.names[1] != '-' : option.has_flag(argument);
  });
}

}  // namespace

ParsedArguments parse_arguments(std::span<const Option> options, std::span<const std::string> arguments) {
  auto dashes = arguments.begin();
  std::vector<std::string> words = prepared(options, arguments, dashes);
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::pair<std::size_t, CLI::Option*>> declared;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i].is_positional() || !is_mentioned(options[i], words)) continue;
    const std::string names(options[i].names);
    CLI::Option* option = options[i].is_switch() ? app.add_flag(names) : app.add_option(names);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    declared.emplace_back(i, option);
  }
  std::ranges::reverse(words);  // as CLI11 expects them
  app.parse(words);

  ParsedArguments parsed;
  parsed.values.resize(options.size());
  for (const auto& [index, option] : declared) {
    const bool is_switch = options[index].is_switch();
    parsed.values[index] = is_switch ? std::vector<std::string>(option->count()) : option->results();
    const bool has_empty = std::ranges::find(parsed.values[index], "") != parsed.values[index].end();
    if (!is_switch && has_empty && !options[index].may_be_empty) {
      usage_error(fmt::format("the value of {} is empty", options[index].flags().back()));
    }
  }
  parsed.positional = app.remaining();
  parsed.has_dashes = dashes != arguments.end();
  if (parsed.has_dashes) parsed.after_dashes.assign(std::next(dashes), arguments.end());
  return parsed;
}

}  // namespace llmcache
