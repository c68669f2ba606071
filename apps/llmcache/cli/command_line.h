// The command line: global options from the settings table, commands from the command table.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace llmcache {

// A parsed call.
struct Invocation {
  Layer flags{std::string(kFlagOrigin), {}};
  std::unique_ptr<Command> command;
  std::string help;  // what --help or --version asked to be printed, instead of running anything
};

// Throws a Failure (usage).
Invocation parse_command_line(int count, const char* const* arguments);

// The help of a command, or of the program if `command` is empty.
std::string help_text(std::string_view command);

// The options that stand before or after any command's name, and those of one command. Their targets are not to be
// used.
std::vector<Option> global_options();
std::vector<Option> options_of(const CommandRow& row);

}  // namespace llmcache
