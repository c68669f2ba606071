// One command: its options, its help and what it does. Each has a file in commands/ and a row in command_table().
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "cli/options.h"
#include "context.h"

namespace llmcache {

// What --help says about a command, besides its options. Lines are at most 80 characters long.
struct CommandHelp {
  std::string_view usage;     // the arguments after the command's name
  std::string_view text;      // the description
  std::string_view settings;  // the global options that it is mostly used with, as "store session"
  std::string_view examples;  // two command lines
};

inline constexpr std::string_view kMainProgram = "llmcache";

class Command {
 public:
  virtual ~Command() = default;
  virtual CommandHelp help() const = 0;
  virtual void declare(Options& options) = 0;
  // False: no configuration file is read, so that a broken one cannot prevent the command from running.
  virtual bool uses_config_files() const { return true; }
  // True: it runs with the defaults if the settings are wrong, and reports that itself (Context::settings_error).
  virtual bool reports_settings_error() const { return false; }
  // The program that runs it.
  virtual std::string_view program() const { return kMainProgram; }
  // Success or Exit::no; anything else is thrown as a Failure.
  virtual Exit run(Context& context) = 0;
};

struct CommandRow {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Command> (*make)();
};

std::span<const CommandRow> command_table();
// Nothing for a name that no command has.
const CommandRow* find_command(std::string_view name);

}  // namespace llmcache
