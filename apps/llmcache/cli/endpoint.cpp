#include "cli/endpoint.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "config/stores.h"
#include "process/curl.h"
#include "text.h"
#include "ui/terminal.h"

namespace llmcache {

namespace lc = libcache;

namespace {

constexpr auto kHttpClients = std::to_array<std::string_view>({"curl", "wget", "http", "https", "xh", "xhs"});

// The URL in an argument: the whole argument, or its part after --url=.
std::optional<std::string_view> url_in(std::string_view argument) {
  constexpr std::string_view kOption = "--url=";
  if (argument.starts_with(kOption)) argument.remove_prefix(kOption.size());
  const bool is_url = starts_with_ignoring_case(argument, "http://") || starts_with_ignoring_case(argument, "https://");
  return is_url ? std::optional(argument) : std::nullopt;
}

void add_to_query(std::string& url, std::string_view parameter) {
  const std::size_t end = std::min(url.find('#'), url.size());
  const bool has_query = url.find('?') < end;
  url.insert(end, (has_query ? "&" : "?") + std::string(parameter));
}

void replace_target(std::string& url, std::string_view target) {
  const std::size_t host = url.find("://") + 3;
  url.resize(std::min(url.find_first_of("/?#", host), url.size()));
  url += target.starts_with('/') ? "" : "/";
  url += target;
}

void add_options_of_curl(std::span<const std::string> arguments, std::string& url) {
  constexpr auto kData = std::to_array<std::string_view>(
      {"-d", "--data", "--data-ascii", "--data-binary", "--data-raw", "--data-urlencode"});
  const auto options = curl_options(arguments);
  const bool sends_data_in_query = std::ranges::any_of(
      options, [](const CurlOption& option) { return option.name == "-G" || option.name == "--get"; });
  for (const auto& [name, value] : options) {
    if (value.empty()) continue;
    const bool is_data = sends_data_in_query && std::ranges::find(kData, name) != kData.end();
    if (name == "--url-query" || is_data) add_to_query(url, value);
    if (name == "--request-target") replace_target(url, value);
  }
}

void add_items_of_httpie(std::span<const std::string> arguments, std::string& url) {
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find("==");
    // A name before the first separator: in a header or a field of the body, the two signs may be part of the value.
    if (equals == 0 || equals == argument.npos || argument.find_first_of(":=@") != equals) continue;
    add_to_query(url, argument.substr(0, equals) + argument.substr(equals + 1));
  }
}

bool lists_cheaply(const Context& context) {
  return std::ranges::all_of(store_urls(context.settings()), [](const lc::StoreUrl& url) {
    return url.kind == lc::StoreUrl::Kind::sqlite || url.kind == lc::StoreUrl::Kind::memory;
  });
}

}  // namespace

std::optional<std::string> url_of(std::span<const std::string> command) {
  if (command.empty()) return std::nullopt;
  const std::string_view path = command.front();
  const std::string_view program = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  if (std::ranges::find(kHttpClients, program) == kHttpClients.end()) return std::nullopt;
  const auto arguments = command.subspan(1);
  std::optional<std::string> found;
  for (const std::string& argument : arguments) {
    const auto url = url_in(argument);
    if (url && found) return std::nullopt;
    if (url) found = *url;
  }
  if (!found || program == "wget") return found;
  program == "curl" ? add_options_of_curl(arguments, *found) : add_items_of_httpie(arguments, *found);
  return found;
}

bool use_url_of(std::span<const std::string> command, Context& context) {
  const auto url = url_of(command);
  const std::string& setting = context.settings().endpoint;
  if (!url || setting == "none" || !context.scheme().has_endpoints) return true;
  const auto endpoint = lc::normal_endpoint(*url);
  if (!endpoint) {
    if (setting != "auto") return true;
    context.report().warn(fmt::format("the URL of COMMAND: {}; running without the cache", endpoint.error().message));
    return false;
  }
  if (setting == "auto") {
    context.set_endpoint(*endpoint);
  } else if (const auto chosen = lc::normal_endpoint(setting); chosen && *chosen != *endpoint) {
    context.report().warn(fmt::format("the endpoint option says {}, but the URL of COMMAND is {}; the option counts",
                                      *chosen, *endpoint));
  }
  return true;
}

bool lacks_model(const Context& context, const lc::RequestKey& key) {
  const lc::KeyOptions& options = context.key_options();
  return context.scheme().has_endpoints && options.by_model && !key.has_model && key.endpoint.empty();
}

std::string other_endpoints(Context& context, const std::string& asked) {
  const lc::KeyOptions options = context.key_options();
  const auto own = lc::EntryName::parse(asked, options.scheme);
  if (!own || !context.scheme().has_endpoints || !lists_cheaply(context)) return {};
  const std::string prefix = lc::session_prefix(options) + std::string(own->hash);
  const lc::Cache& cache = context.cache();
  std::set<std::string> found;
  const auto visit = [&](const auto& row) -> lc::Result<bool> {
    const auto name = lc::EntryName::parse(row.name, options.scheme);
    const auto head = cache.head(row);
    const bool is_same_request = name && name->hash == own->hash && name->endpoint != own->endpoint;
    if (!is_same_request || !head || !head->metadata.rejected.empty()) return true;
    found.insert(name->endpoint.empty() ? "no endpoint" : head->metadata.endpoint);
    return true;
  };
  const auto scanned = context.cache().store().scan(prefix, cache.head_bytes(), visit, context.deadline());
  if (!scanned || found.empty()) return {};
  return fmt::format("the same request is stored for {}; --endpoint selects one", fmt::join(found, ", "));
}

void report_absent(Context& context, const std::string& name) {
  context.report().say(fmt::format("there is no entry {}", quoted_if_odd(name)));
  if (const std::string others = other_endpoints(context, name); !others.empty()) context.report().say(others);
}

}  // namespace llmcache
