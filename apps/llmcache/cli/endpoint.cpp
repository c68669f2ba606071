#include "cli/endpoint.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "config/stores.h"
#include "text.h"

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

bool lists_cheaply(const Context& context) {
  return std::ranges::all_of(store_urls(context.settings()), [](const lc::StoreUrl& url) {
    return url.kind == lc::StoreUrl::Kind::sqlite || url.kind == lc::StoreUrl::Kind::memory;
  });
}

}  // namespace

std::optional<std::string_view> url_of(std::span<const std::string> command) {
  if (command.empty()) return std::nullopt;
  const std::string_view path = command.front();
  const std::string_view program = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  if (std::ranges::find(kHttpClients, program) == kHttpClients.end()) return std::nullopt;
  std::optional<std::string_view> found;
  for (const std::string& argument : command.subspan(1)) {
    const auto url = url_in(argument);
    if (url && found) return std::nullopt;
    if (url) found = url;
  }
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

std::string other_endpoints(Context& context, const lc::RequestKey& key) {
  const lc::KeyOptions options = context.key_options();
  if (!context.scheme().has_endpoints || !lists_cheaply(context)) return {};
  const std::string prefix = lc::session_prefix(options) + key.hash;
  const lc::Cache& cache = context.cache();
  std::set<std::string> found;
  const auto visit = [&](const auto& row) -> lc::Result<bool> {
    const auto name = lc::EntryName::parse(row.name, options.scheme);
    const auto head = cache.head(row);
    if (!name || name->hash != key.hash || !head || head->metadata.endpoint == key.endpoint ||
        !head->metadata.rejected.empty()) {
      return true;
    }
    found.insert(name->endpoint.empty() ? "no endpoint" : head->metadata.endpoint);
    return true;
  };
  const auto scanned = context.cache().store().scan(prefix, cache.head_bytes(), visit, context.deadline());
  if (!scanned || found.empty()) return {};
  return fmt::format("the same request is stored for {}; --endpoint selects one", fmt::join(found, ", "));
}

}  // namespace llmcache
