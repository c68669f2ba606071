#include "process/curl.h"

#include <string_view>

namespace llmcache {

namespace {

// Short options that take a value: what follows one in the same argument, or else the next argument, is not an option.
constexpr std::string_view kWithValue = "AbcCdDeEFhHKmoPQrtTuUwxXyYz";

}  // namespace

bool is_curl_that_fails_on_errors(const std::vector<std::string>& command) {
  if (command.empty() || std::string_view(command[0]).substr(command[0].rfind('/') + 1) != "curl") return false;
  bool fails = false;
  for (std::size_t i = 1; i < command.size(); ++i) {
    const std::string_view argument = command[i];
    if (argument == "--fail" || argument == "--fail-with-body") fails = true;
    if (argument == "--no-fail" || argument == "--no-fail-with-body") fails = false;
    if (argument.size() < 2 || argument[0] != '-' || argument[1] == '-') continue;
    const std::size_t with_value = argument.find_first_of(kWithValue, 1);
    if (argument.substr(1, with_value - 1).find('f') != std::string_view::npos) fails = true;
    if (with_value + 1 == argument.size()) ++i;
  }
  return fails;
}

}  // namespace llmcache
