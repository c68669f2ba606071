// One command: its own options, and what it does. Each has a file in commands/ and a row in command_table().
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "cli/options.h"
#include "context.h"

namespace llmcache {

class Command {
 public:
  virtual ~Command() = default;
  virtual void declare(Options& options) = 0;
  // False: no configuration file is read, so that none can stand in the command's way.
  virtual bool uses_config_files() const { return true; }
  // Success or Exit::no; anything else is thrown as a Failure.
  virtual Exit run(Context& context) = 0;
};

struct CommandRow {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Command> (*make)();
};

std::span<const CommandRow> command_table();

}  // namespace llmcache
