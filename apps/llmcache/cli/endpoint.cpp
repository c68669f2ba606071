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

// Options of wget, HTTPie and xh whose value may be a URL, which is not where the request goes.
constexpr std::string_view kWithValue[] = {"-a",
                                           "--auth",
                                           "-A",
                                           "--auth-type",
                                           "-B",
                                           "--base",
                                           "--body-data",
                                           "-e",
                                           "--execute",
                                           "--header",
                                           "-o",
                                           "-O",
                                           "--output",
                                           "--output-document",
                                           "--output-file",
                                           "--post-data",
                                           "--proxy",
                                           "--raw",
                                           "--referer",
                                           "--session",
                                           "--session-read-only",
                                           "-U",
                                           "--user-agent"};

bool is_url(std::string_view text) {
  return starts_with_ignoring_case(text, "http://") || starts_with_ignoring_case(text, "https://");
}

// `text` as part of a query.
std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_unreserved = is_letter_or_digit(c) || std::string_view("-._~").find(c) != std::string_view::npos;
    if (is_unreserved) {
      encoded += c;
    } else {
      fmt::format_to(std::back_inserter(encoded), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
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

// What --data-urlencode sends: content, =content or name=content, of which only the content is encoded. The content of a file
// (name@file) is not known.
std::string url_encoded_data(std::string_view value) {
  const std::size_t separator = value.find_first_of("=@");
  if (separator == value.npos) return percent_encoded(value);
  if (value[separator] == '@') return std::string(value);
  const std::string content = percent_encoded(value.substr(separator + 1));
  return separator == 0 ? content : fmt::format("{}={}", value.substr(0, separator), content);
}

void add_options_of_curl(const std::vector<CurlOption>& options, std::string& url) {
  constexpr auto kData =
      std::to_array<std::string_view>({"-d", "--data", "--data-ascii", "--data-binary", "--data-raw", "--json"});
  const bool sends_data_in_query = std::ranges::any_of(options, [](const CurlOption& option) {
    return option.name == "-G" || option.name == "--get" || option.name == "--ge";
  });
  for (const auto& [name, value] : options) {
    if (value.empty()) continue;
    const bool is_data = std::ranges::find(kData, name) != kData.end();
    if (name == "--url-query" || (is_data && sends_data_in_query)) add_to_query(url, value);
    if (name == "--data-urlencode" && sends_data_in_query) add_to_query(url, url_encoded_data(value));
    if (name == "--request-target") replace_target(url, value);
  }
}

// The items of HTTPie that belong to the query: name==value, where a backslash makes the next character part of the name.
void add_items_of_httpie(std::span<const std::string> arguments, std::string& url) {
  for (const std::string& argument : arguments) {
    std::string name;
    std::size_t at = 0;
    for (; at < argument.size() && std::string_view(":=@").find(argument[at]) == std::string_view::npos; ++at) {
      if (argument[at] == '\\' && at + 1 < argument.size()) ++at;
      name += argument[at];
    }
    if (name.empty() || argument.compare(at, 2, "==") != 0) continue;
    add_to_query(
        url, fmt::format("{}={}", percent_encoded(name), percent_encoded(std::string_view(argument).substr(at + 2))));
  }
}

// The arguments that belong to no option.
std::vector<std::string> operands(std::span<const std::string> arguments) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (std::ranges::find(kWithValue, arguments[i]) != std::end(kWithValue)) {
      ++i;
    } else {
      found.push_back(arguments[i]);
    }
  }
  return found;
}

bool lists_cheaply(const Context& context) {
  return std::ranges::all_of(store_urls(context.settings()), [](const lc::StoreUrl& url) { return !is_server(url); });
}

}  // namespace

std::vector<std::string> urls_of(std::span<const std::string> command) {
  if (command.empty()) return {};
  const std::string_view path = command.front();
  const std::string_view program = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  if (std::ranges::find(kHttpClients, program) == kHttpClients.end()) return {};
  const auto arguments = command.subspan(1);
  const bool is_curl = program == "curl";
  const CurlArguments curl = is_curl ? curl_arguments(arguments) : CurlArguments();
  std::vector<std::string> urls = is_curl ? curl.operands : operands(arguments);
  for (const auto& [name, value] : curl.options) urls.push_back(name == "--url" ? value : name);
  constexpr std::string_view kUrl = "--url=";
  for (std::string& url : urls) {
    if (url.starts_with(kUrl)) url.erase(0, kUrl.size());
  }
  std::erase_if(urls, [](const std::string& argument) { return !is_url(argument); });
  if (urls.size() != 1 || program == "wget") return urls;
  is_curl ? add_options_of_curl(curl.options, urls.front()) : add_items_of_httpie(arguments, urls.front());
  return urls;
}

lc::Status use_url_of(std::span<const std::string> command, Context& context) {
  const auto urls = urls_of(command);
  const std::string& setting = context.settings().endpoint;
  if (urls.empty() || setting == "none" || !context.scheme().has_endpoints) return {};
  if (urls.size() > 1) {
    if (setting == "auto") {
      context.report().warn(
          "COMMAND has several URLs, so where the request goes is not part of its key: see --endpoint");
    }
    return {};
  }
  const auto endpoint = lc::normal_endpoint(urls.front());
  if (!endpoint) {
    if (setting != "auto") return {};
    return lc::fail(endpoint.error().code, "the URL of COMMAND: " + endpoint.error().message);
  }
  if (setting == "auto") {
    context.set_endpoint(*endpoint);
  } else if (const auto chosen = lc::normal_endpoint(setting); chosen && *chosen != *endpoint) {
    context.report().warn(fmt::format("the endpoint option says {}, but the URL of COMMAND is {}; the option counts",
                                      *chosen, *endpoint));
  }
  return {};
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
