#include "process/curl.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace llmcache {

namespace {

// Short options that take a value: what follows one in the same argument, or else the next argument, is not an option.
constexpr std::string_view kWithValue = "AbcCdDeEFhHKmoPQrtTuUwxXyYz";
// Long options whose value may look like a URL or an option.
constexpr auto kLongWithValue = std::to_array<std::string_view>(
    {"--cookie",     "--data",     "--data-ascii",  "--data-binary",     "--data-raw",     "--data-urlencode",
     "--doh-url",    "--form",     "--form-string", "--header",          "--json",         "--oauth2-bearer",
     "--output",     "--pass",     "--preproxy",    "--proxy",           "--proxy-header", "--proxy-pass",
     "--proxy-user", "--proxy1.0", "--range",       "--referer",         "--request",      "--request-target",
     "--socks4",     "--socks4a",  "--socks5",      "--socks5-hostname", "--upload-file",  "--url",
     "--url-query",  "--user",     "--user-agent",  "--variable",        "--write-out"});

// The whole name of a long option with a value. curl accepts the beginning of a name, except where it is a name itself: --head
// is not --header.
std::optional<std::string> long_with_value(std::string_view argument) {
  constexpr std::size_t kShortest = 4;  // "--da"
  if (argument.size() < kShortest || argument == "--head") return std::nullopt;
  const auto name = std::ranges::find_if(kLongWithValue, [&](auto option) { return option.starts_with(argument); });
  return name == kLongWithValue.end() ? std::nullopt : std::optional<std::string>(*name);
}

}  // namespace

CurlArguments curl_arguments(std::span<const std::string> arguments) {
  CurlArguments found;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const std::string next = i + 1 < arguments.size() ? arguments[i + 1] : "";
    if (!argument.starts_with('-') || argument == "-") {
      found.operands.push_back(argument);
      continue;
    }
    if (argument.starts_with("--")) {
      const auto name = long_with_value(argument);
      found.options.push_back({name.value_or(argument), name ? next : ""});
      if (name) ++i;
      continue;
    }
    for (std::size_t at = 1; at < argument.size(); ++at) {
      const std::string name = {'-', argument[at]};
      const bool takes_value = kWithValue.find(argument[at]) != kWithValue.npos;
      const bool is_last = at + 1 == argument.size();
      found.options.push_back({name, !takes_value ? "" : is_last ? next : argument.substr(at + 1)});
      if (takes_value && is_last) ++i;
      if (takes_value) break;
    }
  }
  return found;
}

bool is_curl_that_fails_on_errors(const std::vector<std::string>& command) {
  if (command.empty() || std::string_view(command[0]).substr(command[0].rfind('/') + 1) != "curl") return false;
  bool fails = false;
  for (const auto& [name, value] : curl_arguments(std::span(command).subspan(1)).options) {
    if (name == "-f" || name == "--fail" || name == "--fail-with-body") fails = true;
    if (name == "--no-fail" || name == "--no-fail-with-body") fails = false;
  }
  return fails;
}

}  // namespace llmcache
