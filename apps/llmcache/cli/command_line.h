// The command line: global options from the table of settings, commands from the table of commands.
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
  std::string text;  // what --help or --version prints, instead of running a command
};

// Throws a Failure (usage).
Invocation parse_command_line(int count, const char* const* arguments);

// The options that any command takes, before or after its name, and those of one command. Their targets may not be
// used.
std::vector<Option> global_options();
std::vector<Option> options_of(const CommandRow& row);

}  // namespace llmcache
