// A program from its arguments to its exit code. Commands that belong to another program of ours are handed over to it.
#pragma once

#include <functional>
#include <string_view>

#include "cli/command.h"

namespace llmcache {

// `name`: this program's. `run` runs a command of it and gives the exit code; it may throw a Failure.
int run_program(int count, char** arguments, std::string_view name, const std::function<int(Command&, Context&)>& run);

}  // namespace llmcache
