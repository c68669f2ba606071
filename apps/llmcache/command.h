// One command: its own options, and what it does. Each has a file in commands/ and a row in command_table().
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "context.h"
#include "options.h"

namespace llmcache {

class Command {
 public:
  virtual ~Command() = default;
  virtual void declare(Options& options) = 0;
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
