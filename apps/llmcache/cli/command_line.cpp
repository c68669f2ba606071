#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

namespace llmcache {

namespace {

constexpr const char* kHelpFlags = "-h,--help";
constexpr const char* kHelpHelp = "shows this help";
constexpr const char* kVersionFlag = "--version";
constexpr const char* kVersionHelp = "shows the version";
constexpr const char* kFooter =
    "\nRun 'llmcache COMMAND --help' for a command's options, 'llmcache help exit-codes|keys|stores|config' for a "
    "topic.";

void add(CLI::App& app, const Option& option) {
  CLI::Option* added = nullptr;
  if (auto* const* flag = std::get_if<bool*>(&option.target)) {
    added = app.add_flag(option.names, **flag, option.help);
  } else if (auto* const* text = std::get_if<std::string*>(&option.target)) {
    added = app.add_option(option.names, **text, option.help);
  } else if (auto* const* maybe = std::get_if<std::optional<std::string>*>(&option.target)) {
    added = app.add_option_function<std::string>(
        option.names, [target = *maybe](const std::string& value) { *target = value; }, option.help);
  } else if (auto* list = std::get<std::vector<std::string>*>(option.target); option.is_positional()) {
    added = app.add_option(option.names, *list, option.help);
  } else {
    // One value an occurrence: CLI11's own lists would swallow the arguments behind it.
    const auto append = [list](const std::string& value) { list->push_back(value); };
    added = app.add_option_function<std::string>(option.names, append, option.help)->trigger_on_parse();
  }
  added->type_name(option.placeholder)->required(option.required);
}

using Arguments = std::vector<std::string_view>;

bool is_bundle(std::string_view argument) {
  return argument.size() > 1 && argument[0] == '-' && argument[1] != '-';
}

bool may_be(std::string_view argument, std::string_view name) {
  if (is_bundle(name)) return is_bundle(argument);
  return argument.starts_with(name) && (argument.size() == name.size() || argument[name.size()] == '=');
}

// Whether a command's name, or one of an option's, stands among the arguments. Declaring what does not would take
// longer than looking up an entry.
bool mentions(const Arguments& arguments, std::string_view names) {
  for (std::size_t begin = 0, end = 0; end != names.npos; begin = end + 1) {
    end = names.find(',', begin);
    const std::string_view name = names.substr(begin, end == names.npos ? end : end - begin);
    const auto here = [&](std::string_view argument) { return may_be(argument, name); };
    if (std::any_of(arguments.begin(), arguments.end(), here)) return true;
  }
  return false;
}

bool asks_for_help(const Arguments& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](std::string_view argument) {
    return argument == "--help" || (is_bundle(argument) && argument.find('h') != argument.npos);
  });
}

// The program's options and commands, and what was given for them. Declares all of them for a help text, else those
// among the arguments.
class Parser {
 public:
  explicit Parser(const Arguments& arguments) : app_("An exact-match cache for LLM API requests.", "llmcache") {
    app_.set_help_flag(kHelpFlags, kHelpHelp);
    app_.set_version_flag(kVersionFlag, "llmcache " LLMCACHE_VERSION, kVersionHelp);
    app_.fallthrough();
    app_.require_subcommand(0, 1);  // "help get" and "config get" are not two commands
    app_.footer(kFooter);
    app_.get_formatter()->column_width(34);
    const bool all = asks_for_help(arguments);
    for (const Setting& setting : setting_table()) {
      if (!setting.flag.empty() && (all || mentions(arguments, setting.flag))) add_global(setting);
    }
    for (const CommandRow& row : command_table()) {
      if (all || mentions(arguments, row.name)) add_command(row);
    }
  }

  std::string help() const { return app_.help(); }

  Invocation parse(int count, const char* const* arguments) {
    Invocation invocation;
    try {
      app_.parse(count, arguments);
    } catch (const CLI::CallForHelp&) {
      invocation.help = app_.help();
      return invocation;
    } catch (const CLI::CallForVersion& version) {
      invocation.help = std::string(version.what()) + "\n";
      return invocation;
    } catch (const CLI::ParseError& error) {
      usage_error(explain(error));
    }
    if (!command_) usage_error("no command given; 'llmcache --help' lists them");
    for (auto& [setting, texts] : given_) {
      if (!texts.empty()) invocation.flags.values.push_back({setting, std::move(texts)});
    }
    invocation.command = std::move(command_);
    return invocation;
  }

 private:
  void add_global(const Setting& setting) {
    auto& texts = given_.emplace_back(&setting, std::vector<std::string>()).second;
    const std::string flag(setting.flag);
    const std::string help(setting.help);
    if (setting.value.empty()) {
      app_.add_flag_callback(flag, [&texts, &setting] { texts.emplace_back(setting.switch_value); }, help);
    } else {
      add(app_, {flag, std::string(setting.value), help, &texts});
    }
  }

  // A command's own options are declared only once it is known to be the one: most calls need one command's.
  void add_command(const CommandRow& row) {
    CLI::App* sub = app_.add_subcommand(std::string(row.name), std::string(row.summary));
    sub->preparse_callback([this, &row, sub](std::size_t) {
      command_ = row.make();
      Options options;
      command_->declare(options);
      own_options_ = options.all();
      for (const Option& option : own_options_) add(*sub, option);
    });
  }

  std::string explain(const CLI::ParseError& error) const {
    if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return error.what();
    const auto extras = app_.remaining(true);
    const auto option = std::ranges::find_if(extras, [](const std::string& extra) { return extra.starts_with('-'); });
    if (option == extras.end() && command_ != nullptr) return error.what();
    const std::string& unknown = option != extras.end() ? *option : extras.front();
    std::vector<std::string> known = known_flags();
    for (const CommandRow& row : command_table()) known.emplace_back(row.name);
    const std::string near = is_bundle(unknown) ? "" : nearest(unknown.substr(0, unknown.find('=')), known);
    const bool takes_command = std::ranges::find(own_options_, "COMMAND", &Option::names) != own_options_.end();
    return fmt::format("there is no {} '{}'{}{}", option != extras.end() ? "option" : "command", unknown,
                       near.empty() ? "" : "; did you mean '" + near + "'?",
                       takes_command ? "; what is for COMMAND stands behind --" : "");
  }

  std::vector<std::string> known_flags() const {
    std::vector<std::string> flags;
    const auto add_flags = [&](const std::vector<Option>& options) {
      for (const Option& option : options) {
        if (!option.is_positional()) std::ranges::move(option.flags(), std::back_inserter(flags));
      }
    };
    add_flags(global_options());
    add_flags(own_options_);
    return flags;
  }

  CLI::App app_;
  std::deque<std::pair<const Setting*, std::vector<std::string>>> given_;
  std::unique_ptr<Command> command_;
  std::vector<Option> own_options_;
};

}  // namespace

Invocation parse_command_line(int count, const char* const* arguments) {
  return Parser({arguments, arguments + count}).parse(count, arguments);
}

std::string help_text(std::string_view command) {
  Parser parser({"--help"});
  if (command.empty()) return parser.help();
  const std::string name(command);
  const char* arguments[] = {"llmcache", name.c_str(), "--help"};
  return parser.parse(3, arguments).help;
}

std::vector<Option> global_options() {
  std::vector<Option> options;
  for (const Setting& setting : setting_table()) {
    if (setting.flag.empty()) continue;
    options.push_back({std::string(setting.flag), std::string(setting.value), std::string(setting.help), {}});
  }
  options.push_back({kHelpFlags, "", kHelpHelp, {}});
  options.push_back({kVersionFlag, "", kVersionHelp, {}});
  return options;
}

std::vector<Option> options_of(const CommandRow& row) {
  Options options;
  row.make()->declare(options);
  return options.all();
}

}  // namespace llmcache
