// Reading requests and responses: a file, or stdin.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace llmcache {

// Reads a file, or stdin for "-", and passes on each piece as it arrives. On a terminal, says that it is waiting for
// input. Throws a Failure (bad input).
void read_input(const std::string& path, const std::function<void(std::string_view)>& take);
std::string read_input(const std::string& path);

}  // namespace llmcache
