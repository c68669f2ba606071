#pragma once

#include <span>
#include <string>
#include <vector>

namespace llmcache {

struct CurlOption {
  std::string name;   // "-d" or "--data"
  std::string value;  // empty if it takes none
};

struct CurlArguments {
  std::vector<CurlOption> options;
  std::vector<std::string> operands;  // the arguments that belong to no option: URLs
};

// The arguments of curl. Short options may be written together, and with their value: -sSd@file. Long ones may be cut short, as
// curl allows.
CurlArguments curl_arguments(std::span<const std::string> arguments);

// Whether a command is a curl that exits with 0 only if the HTTP status is 2xx: one with -f, --fail or --fail-with-body.
bool is_curl_that_fails_on_errors(const std::vector<std::string>& command);

}  // namespace llmcache
