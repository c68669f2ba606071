// Sorts arguments into the values of options and the rest. The only code that knows CLI11.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/options.h"

namespace llmcache {

struct ParsedArguments {
  std::vector<std::vector<std::string>> values;  // of each option in turn; a switch has "" for each time it was given
  std::vector<std::string> positional;           // the arguments before -- that belong to no option
  bool has_dashes = false;                       // -- was given
  std::vector<std::string> after_dashes;         // everything after the first --
};

// Every value, positional argument and argument after -- is returned exactly as it was given. Throws a Failure (usage)
// for a value that is missing, empty where it may not be, or given to a switch. An unknown option is left among the
// positional arguments, which cannot begin with a dash otherwise ("-" can).
ParsedArguments parse_arguments(std::span<const Option> options, std::span<const std::string> arguments);

}  // namespace llmcache
