#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "cli/command_line.h"
#include "commands/all.h"

namespace llmcache {

namespace {

std::vector<std::string> flags_of(const std::vector<Option>& options) {
  std::vector<std::string> flags;
  for (const Option& option : options) {
    for (std::string& flag : option.flags()) flags.push_back(std::move(flag));
  }
  return flags;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandRow& row : command_table()) names.emplace_back(row.name);
  return names;
}

// Between single quotes of any of the three shells' languages.
std::string quotable(std::string text) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos;) text.replace(at, 1, "’");
  return text;
}

void bash(Output& out) {
  out.write("# bash completion for llmcache\n_llmcache() {\n  local word command=\n");
  out.write("  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case $word in\n");
  out.write(fmt::format("      {}) command=$word; break ;;\n      --) return ;;\n", fmt::join(command_names(), "|")));
  out.write("    esac\n  done\n");
  out.write(fmt::format("  local flags='{}'\n  case $command in\n", fmt::join(flags_of(global_options()), " ")));
  for (const CommandRow& row : command_table()) {
    if (const auto flags = flags_of(options_of(row)); !flags.empty()) {
      out.write(fmt::format("    {}) flags+=' {}' ;;\n", row.name, fmt::join(flags, " ")));
    }
  }
  out.write(fmt::format("    '') [[ ${{COMP_WORDS[COMP_CWORD]}} == -* ]] || flags='{}' ;;\n  esac\n",
                        fmt::join(command_names(), " ")));
  out.write("  local current=${COMP_WORDS[COMP_CWORD]}\n");
  out.write("  if [[ -z $command || $current == -* ]]; then\n");
  out.write("    mapfile -t COMPREPLY < <(compgen -W \"$flags\" -- \"$current\")\n");
  out.write("  else\n    mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n  fi\n}\n");
  out.write("complete -o filenames -F _llmcache llmcache\n");
}

std::string zsh_specification(const Option& option) {
  std::string text = quotable(option.help);
  for (std::size_t at = 0; (at = text.find_first_of("[]:", at)) != std::string::npos; at += 2) text.insert(at, "\\");
  const std::string action = option.placeholder.empty() ? "" : ":value:_files";
  const auto flags = option.flags();
  if (flags.size() == 1) return fmt::format("'{}[{}]{}'", flags[0], text, action);
  return fmt::format("'({0})'{{{1}}}'[{2}]{3}'", fmt::join(flags, " "), fmt::join(flags, ","), text, action);
}

void zsh(Output& out) {
  out.write("#compdef llmcache\n_llmcache() {\n  local -a globals commands\n  globals=(\n");
  for (const Option& option : global_options()) out.line("    " + zsh_specification(option));
  out.write("  )\n  commands=(\n");
  for (const CommandRow& row : command_table())
    out.write(fmt::format("    '{}:{}'\n", row.name, quotable(std::string(row.summary))));
  out.write("  )\n  local line state\n  _arguments -C $globals '1:command:->command' '*::argument:->arguments'\n");
  out.write("  case $state in\n    command) _describe command commands ;;\n    arguments)\n      case $line[1] in\n");
  for (const CommandRow& row : command_table()) {
    out.write(fmt::format("        {}) _arguments $globals", row.name));
    for (const Option& option : options_of(row)) {
      if (!option.is_positional()) out.write(" " + zsh_specification(option));
    }
    out.write(" '*:file:_files' ;;\n");
  }
  out.write(
      "      esac ;;\n  esac\n}\nif [ \"$funcstack[1]\" = _llmcache ]; then _llmcache \"$@\"; else compdef _llmcache "
      "llmcache; fi\n");
}

void fish_option(Output& out, const std::string& condition, const Option& option) {
  if (option.is_positional()) return;
  out.write("complete -c llmcache" + condition);
  for (const std::string& flag : option.flags()) {
    out.write(flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1));
  }
  out.write(fmt::format("{} -d '{}'\n", option.placeholder.empty() ? "" : " -r", quotable(option.help)));
}

void fish(Output& out) {
  out.write("# fish completion for llmcache\n");
  for (const Option& option : global_options()) fish_option(out, "", option);
  for (const CommandRow& row : command_table()) {
    out.write(fmt::format("complete -c llmcache -n __fish_use_subcommand -f -a {} -d '{}'\n", row.name,
                          quotable(std::string(row.summary))));
    const std::string condition = fmt::format(" -n '__fish_seen_subcommand_from {}'", row.name);
    for (const Option& option : options_of(row)) fish_option(out, condition, option);
  }
}

class Completion : public Command {
 public:
  CommandHelp help() const override {
    return {"bash | zsh | fish", R"(Prints a completion script for a shell.)", "",
            R"(  source <(llmcache completion bash)
  llmcache completion fish > ~/.config/fish/completions/llmcache.fish)"};
  }

  void declare(Options& options) override { options.positional("SHELL", shell_, "bash, zsh or fish", true); }

  bool uses_config_files() const override { return false; }

  Exit run(Context& context) override {
    if (shell_ == "bash") {
      bash(context.out());
    } else if (shell_ == "zsh") {
      zsh(context.out());
    } else if (shell_ == "fish") {
      fish(context.out());
    } else {
      usage_error(fmt::format("there is no completion for '{}': write bash, zsh or fish", shell_));
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
