#pragma once

#include <span>
#include <string>
#include <vector>

namespace llmcache {

struct CurlOption {
  std::string name;   // "-d" or "--data"
  std::string value;  // of a long option, the argument after it, whether or not it is its value
};

// The options in the arguments of curl. Short ones may be written together, and with their value: -sSd@file.
std::vector<CurlOption> curl_options(std::span<const std::string> arguments);

// Whether a command is a curl that exits with 0 only if the HTTP status is 2xx: one with -f, --fail or --fail-with-body.
bool is_curl_that_fails_on_errors(const std::vector<std::string>& command);

}  // namespace llmcache
