#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "cli/command_line.h"
#include "cli/naming.h"
#include "commands/all.h"

namespace llmcache {

namespace {

using Words = std::vector<std::string>;

Words flags_of(const std::vector<Option>& options, bool (*wanted)(const Option&)) {
  Words flags;
  for (const Option& option : options) {
    if (wanted(option)) std::ranges::move(option.flags(), std::back_inserter(flags));
  }
  return flags;
}

bool is_any(const Option& /*option*/) {
  return true;
}
bool takes_value(const Option& option) {
  return !option.is_switch();
}
bool takes_file(const Option& option) {
  return option.placeholder == "FILE" || option.placeholder == "DIR";
}

bool takes_session(const Option& option) {
  return option.placeholder == "S";
}
bool takes_entry(const Option& option) {
  if (!option.is_positional()) return option.placeholder == "KEY";
  return option.names == "ENTRY" || option.help == kEntryHelp || option.names == "B";
}

// What a function of the shells does: it prints a member of the first thousand entries of the store that the command line
// names, cut to a length. `given`: the options of the line that name the store, as the shell spells a list.
std::string print_stored(std::string_view given) {
  return fmt::format(R"sh(llmcache ls --limit 1000 --json --fields $field {} 2>/dev/null | )sh"
                     R"sh(sed -n 's/.*"'$field'":"\([A-Za-z0-9._@-]*\)".*/\1/p' | cut -c 1-$length | sort -u)sh",
                     given);
}
// The options that say which entries there are.
constexpr std::string_view kWhere = "--store --prefix --compat --config";
constexpr const char* kSessions = "_llmcache_stored session 256";
constexpr const char* kHashes = "_llmcache_stored hash 8";

bool is_entry_argument(const Option& option) {
  return option.is_positional() && takes_entry(option);
}

// The possible values of a command's first argument, if they are few.
Words argument_choices(const std::vector<Option>& options) {
  const auto first = std::ranges::find_if(options, &Option::is_positional);
  return first == options.end() ? Words() : first->choices;
}

Words setting_names() {
  Words names;
  for (const Setting& setting : setting_table()) names.emplace_back(setting.name);
  return names;
}

// For use between single quotes in any of the three shells' languages.
std::string quotable(std::string text) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos;) text.replace(at, 1, "’");
  return text;
}

// The cases of "COMMAND:OPTION" that complete an option's value. `command` is * for a global option.
void bash_values(Output& out, std::string_view command, const std::vector<Option>& options) {
  for (const Option& option : options) {
    if (!takes_value(option) || option.is_positional()) continue;
    const std::string reply = !option.choices.empty() ? fmt::format("words='{}'", fmt::join(option.choices, " "))
                              : takes_file(option)    ? "files=1"
                              : takes_session(option) ? fmt::format("words=$({}); [[ $words ]] || return", kSessions)
                              : takes_entry(option)   ? fmt::format("words=$({}); [[ $words ]] || return", kHashes)
                                                      : "return";
    for (const std::string& flag : option.flags()) out.print(fmt::format("    {}:{}) {} ;;\n", command, flag, reply));
  }
}

void bash(Output& out) {
  const std::vector<Option> globals = global_options();
  const Words commands = names_of(command_table());
  out.print(fmt::format("# bash completion for llmcache\n_llmcache_stored() {{\n  local field=$1 length=$2\n  {}\n}}\n",
                        print_stored(R"("${given[@]}")")));
  out.print("_llmcache() {\n  local i option value command= words= files= entries= given=()\n");
  out.print("  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n");
  // Bash makes three words of --option=value.
  out.print("  if [[ $current == = ]]; then current=\n");
  out.print("  elif [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}\n");
  // And three of dir:PATH.
  out.print("  elif [[ $previous == : ]]; then mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return\n  fi\n");
  out.print("  for ((i = 1; i < COMP_CWORD; i++)); do\n    case $command${COMP_WORDS[i]} in\n");
  out.print(
      fmt::format("      {})\n        option=${{COMP_WORDS[i++]}}\n        [[ ${{COMP_WORDS[i]}} != = ]] || ((i++))\n"
                  "        value=${{COMP_WORDS[i]}}\n"
                  "        while [[ ${{COMP_WORDS[i+1]}} == : ]]; do ((i += 2)); value+=:${{COMP_WORDS[i]}}; done\n"
                  "        [[ ' {} ' != *\" $option \"* ]] || given+=(\"$option\" \"$value\") ;;\n",
                  fmt::join(flags_of(globals, takes_value), "|"), kWhere));
  out.print(fmt::format("      {}) command=${{COMP_WORDS[i]}}: ;;\n", fmt::join(commands, "|")));
  out.print("      *:-- | --) mapfile -t COMPREPLY < <(compgen -c -f -- \"$current\"); return ;;\n    esac\n  done\n");
  out.print("  case ${command:-:}$previous in\n");
  for (const CommandRow& row : command_table()) bash_values(out, row.name, options_of(row));
  bash_values(out, "*", globals);
  out.print(fmt::format("    config:get) words='{}' ;;\n", fmt::join(setting_names(), " ")));
  out.print("  esac\n  if [[ -z $words$files ]]; then\n    case $command in\n");
  for (const CommandRow& row : command_table()) {
    const auto options = options_of(row);
    const auto choices = argument_choices(options);
    const Words flags = flags_of(options, is_any);
    out.print(fmt::format("      {}:) words='{}{}{}' {}{} ;;\n", row.name, fmt::join(flags, " "),
                          flags.empty() ? "" : " ", fmt::join(choices, " "), choices.empty() ? "files=1" : "",
                          std::ranges::any_of(options, is_entry_argument) ? " entries=1" : ""));
  }
  out.print(fmt::format("      *) words='{}' ;;\n    esac\n    [[ $current != -* ]] || words+=' {}' files=\n",
                        fmt::join(commands, " "), fmt::join(flags_of(globals, is_any), " ")));
  out.print("    [[ $current == -* || -z $files ]] || words=\n");
  out.print(fmt::format("    [[ -z $entries || ! $current =~ ^[0-9a-f]+$ ]] || words=$({})\n  fi\n", kHashes));
  out.print("  mapfile -t COMPREPLY < <(compgen ${files:+-f} ${words:+-W \"$words\"} -- \"$current\")\n}\n");
  out.print("complete -o filenames -F _llmcache llmcache\n");
}

std::string zsh_value(const Option& option) {
  if (!option.choices.empty()) return fmt::format(":value:({})", fmt::join(option.choices, " "));
  if (takes_session(option)) return ":session:_llmcache_sessions";
  if (takes_entry(option)) return ":entry:_llmcache_entries";
  return takes_file(option) ? ":file:_files" : ":value: ";
}

std::string zsh_specification(const Option& option) {
  std::string text = quotable(std::string(option.help));
  for (std::size_t at = 0; (at = text.find_first_of("[]:", at)) != std::string::npos; at += 2) text.insert(at, "\\");
  const std::string value = option.is_switch() ? "" : zsh_value(option);
  auto flags = option.flags();
  for (std::string& flag : flags) {
    if (!value.empty() && flag.starts_with("--")) flag += '=';  // --mode=replay as well as --mode replay
  }
  if (flags.size() == 1) return fmt::format("'{}[{}]{}'", flags[0], text, value);
  return fmt::format("'({0})'{{{1}}}'[{2}]{3}'", fmt::join(flags, " "), fmt::join(flags, ","), text, value);
}

void zsh(Output& out) {
  out.print(fmt::format(
      "#compdef llmcache\n_llmcache_stored() {{\n  local field=$1 length=$2 option\n  local -a given\n"
      "  for option in {}; do\n"
      "    [[ -z $opt_args[$option] ]] || given+=($option ${{opt_args[$option]//\\\\:/:}})\n  done\n  {}\n}}\n",
      kWhere, print_stored("$given")));
  out.print(fmt::format("_llmcache_sessions() {{ compadd -- ${{(f)\"$({})\"}} }}\n", kSessions));
  out.print(fmt::format("_llmcache_entries() {{ _files; compadd -- ${{(f)\"$({})\"}} }}\n", kHashes));
  out.print("_llmcache() {\n  local -a globals commands\n  globals=(\n");
  for (const Option& option : global_options()) out.line("    " + zsh_specification(option));
  out.print("  )\n  commands=(\n");
  for (const CommandRow& row : command_table())
    out.print(fmt::format("    '{}:{}'\n", row.name, quotable(std::string(row.summary))));
  out.print("  )\n  local line state\n");
  out.print("  _arguments -S -C $globals '1:command:->command' '*::argument:->arguments'\n");
  out.print("  case $state in\n    command) _describe command commands ;;\n    arguments)\n      case $line[1] in\n");
  for (const CommandRow& row : command_table()) {
    const auto options = options_of(row);
    out.print(fmt::format("        {}) _arguments -S $globals", row.name));
    for (const Option& option : options) {
      if (!option.is_positional()) out.print(" " + zsh_specification(option));
    }
    const auto choices = argument_choices(options);
    const bool entries = std::ranges::any_of(options, is_entry_argument);
    if (row.name == "config") out.print(fmt::format(" '2:setting:({})'", fmt::join(setting_names(), " ")));
    const bool runs = std::ranges::any_of(options, &Option::after_dashes);
    out.print(!choices.empty() ? fmt::format(" '1:argument:({})' ;;\n", fmt::join(choices, " "))
              : runs           ? " '*::command:_normal' ;;\n"
              : entries        ? " '*:entry:_llmcache_entries' ;;\n"
                               : " '*:file:_files' ;;\n");
  }
  out.print("      esac ;;\n  esac\n}\n");
  out.print("if [ \"$funcstack[1]\" = _llmcache ]; then _llmcache \"$@\"; else compdef _llmcache llmcache; fi\n");
}

void fish_option(Output& out, const std::string& condition, const Option& option) {
  if (option.is_positional()) return;
  out.print("complete -c llmcache" + condition);
  for (const std::string& flag : option.flags()) {
    out.print(flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1));
  }
  if (!option.choices.empty()) out.print(fmt::format(" -x -a '{}'", fmt::join(option.choices, " ")));
  if (option.choices.empty() && !option.is_switch()) {
    out.print(takes_file(option)      ? " -r -F"
              : takes_session(option) ? fmt::format(" -x -a '({})'", kSessions)
              : takes_entry(option)   ? fmt::format(" -x -a '({})'", kHashes)
                                      : " -x");
  }
  out.print(fmt::format(" -d '{}'\n", quotable(std::string(option.help))));
}

void fish(Output& out) {
  out.print(
      fmt::format("# fish completion for llmcache\nfunction _llmcache_stored\n  set -l field $argv[1]\n  set -l length "
                  "$argv[2]\n  set -l given\n  set -l option\n  for word in (commandline -opc)\n"
                  "    if test -n \"$option\"\n      set -a given $option $word\n      set option\n"
                  "    else if contains -- $word {}\n      set option $word\n    end\n  end\n  {}\nend\n",
                  kWhere, print_stored("$given")));
  for (const Option& option : global_options()) fish_option(out, "", option);
  for (const CommandRow& row : command_table()) {
    out.print(fmt::format("complete -c llmcache -n __fish_use_subcommand -f -a {} -d '{}'\n", row.name,
                          quotable(std::string(row.summary))));
    const std::string condition = fmt::format(" -n '__fish_seen_subcommand_from {}'", row.name);
    const auto options = options_of(row);
    for (const Option& option : options) fish_option(out, condition, option);
    const auto choices = argument_choices(options);
    if (!choices.empty())
      out.print(fmt::format("complete -c llmcache{} -f -a '{}'\n", condition, fmt::join(choices, " ")));
    if (row.name == "config") {
      out.print(fmt::format(
          "complete -c llmcache -n '__fish_seen_subcommand_from config; and __fish_seen_subcommand_from get' "
          "-f -a '{}'\n",
          fmt::join(setting_names(), " ")));
    }
    if (std::ranges::any_of(options, is_entry_argument))
      out.print(fmt::format("complete -c llmcache{} -a '({})'\n", condition, kHashes));
  }
}

class Completion : public Command {
 public:
  CommandHelp help() const override {
    return {"bash | zsh | fish", R"(Prints a completion script for a shell.)", "",
            R"(  source <(llmcache completion bash)
  llmcache completion fish > ~/.config/fish/completions/llmcache.fish)"};
  }

  void declare(Options& options) override {
    options.positional("SHELL", shell_, "bash, zsh or fish", true).choices = {"bash", "zsh", "fish"};
  }

  bool uses_config_files() const override { return false; }

  Exit run(Context& context) override {
    if (shell_ == "bash") {
      bash(context.out());
    } else if (shell_ == "zsh") {
      zsh(context.out());
    } else if (shell_ == "fish") {
      fish(context.out());
    } else {
      usage_error(fmt::format("no completion for '{}'; the shells are bash, zsh and fish", shell_));
    }
    return Exit::success;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> make_completion() {
  return std::make_unique<Completion>();
}

}  // namespace llmcache
