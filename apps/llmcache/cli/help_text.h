// What --help prints.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"

namespace llmcache {

// The help of the program: its commands.
std::string help_text();
std::string help_text(const CommandRow& row);
// All options: the global ones and those of each command.
std::string options_text();
// "llmcache diff A B"
std::string usage_line(const CommandRow& row);

}  // namespace llmcache
