#include "process/curl.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace llmcache {

namespace {

// Short options that take a value: what follows one in the same argument, or else the next argument, is not an option.
constexpr std::string_view kWithValue = "AbcCdDeEFhHKmoPQrtTuUwxXyYz";
// Long options whose value may look like an option.
constexpr auto kLongWithValue = std::to_array<std::string_view>(
    {"--data", "--data-ascii", "--data-binary", "--data-raw", "--data-urlencode", "--json", "--form", "--form-string",
     "--header", "--user", "--user-agent", "--output", "--write-out", "--cookie", "--referer", "--url-query"});

}  // namespace

std::vector<CurlOption> curl_options(std::span<const std::string> arguments) {
  std::vector<CurlOption> options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const std::string next = i + 1 < arguments.size() ? arguments[i + 1] : "";
    if (argument.starts_with("--")) options.push_back({argument, next});
    if (std::ranges::find(kLongWithValue, argument) != kLongWithValue.end()) ++i;
    if (argument.starts_with("--") || !argument.starts_with('-')) continue;
    for (std::size_t at = 1; at < argument.size(); ++at) {
      const std::string name = {'-', argument[at]};
      const bool takes_value = kWithValue.find(argument[at]) != kWithValue.npos;
      const bool is_last = at + 1 == argument.size();
      options.push_back({name, !takes_value ? "" : is_last ? next : argument.substr(at + 1)});
      if (takes_value && is_last) ++i;
      if (takes_value) break;
    }
  }
  return options;
}

bool is_curl_that_fails_on_errors(const std::vector<std::string>& command) {
  if (command.empty() || std::string_view(command[0]).substr(command[0].rfind('/') + 1) != "curl") return false;
  bool fails = false;
  for (const auto& [name, value] : curl_options(std::span(command).subspan(1))) {
    if (name == "-f" || name == "--fail" || name == "--fail-with-body") fails = true;
    if (name == "--no-fail" || name == "--no-fail-with-body") fails = false;
  }
  return fails;
}

}  // namespace llmcache
