#include "http/request_options.h"

#include <fmt/format.h>

#include "config/values.h"
#include "failure.h"
#include "text.h"

namespace llmcache::serve {

namespace lc = libcache;

namespace {

constexpr std::string_view kSession = "x-llmcache-session";
constexpr std::string_view kBifrostSession = "x-bf-cache-key";
constexpr std::string_view kTtl = "x-llmcache-ttl";
constexpr std::string_view kBifrostTtl = "x-bf-cache-ttl";
constexpr std::string_view kSample = "x-llmcache-sample";
constexpr std::string_view kMode = "x-llmcache-mode";
constexpr std::string_view kIgnore = "x-llmcache-ignore";

auto malformed(std::string_view name, std::string_view value, std::string_view expected) {
  return lc::fail(lc::ErrorCode::invalid, fmt::format("{}: '{}' is not {}", name, value, expected));
}

auto occurs_twice(std::string_view name) {
  return lc::fail(lc::ErrorCode::invalid, fmt::format("{} occurs more than once", name));
}

std::optional<std::chrono::seconds> age(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  const auto seconds = whole_number<std::uint32_t>(text);
  // RFC 9111, section 1.2.2: a delta-seconds too large to represent is as good as the largest.
  const bool is_large = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  return std::chrono::seconds(seconds ? *seconds : is_large ? UINT32_MAX : 0);
}

lc::Result<std::optional<lc::Ttl>> ttl_of(const Headers& headers, std::string_view name) {
  const auto text = headers.first(name);
  if (!text) return std::nullopt;
  try {
    return lc::Ttl{parse_duration_or_never(*text)};
  } catch (const Failure&) {
    return malformed(name, *text, "a duration such as 30s, 5m or 7d, a number of seconds, or never");
  }
}

}  // namespace

CacheControl parse_cache_control(const Headers& headers) {
  CacheControl control;
  for (const std::string_view directive : headers.list("cache-control")) {
    const std::size_t equals = directive.find('=');
    const std::string_view name = directive.substr(0, equals);
    if (equals_ignoring_case(name, "no-store")) control.no_store = true;
    if (equals_ignoring_case(name, "no-cache")) control.no_cache = true;
    if (equals_ignoring_case(name, "only-if-cached")) control.only_if_cached = true;
    if (equals_ignoring_case(name, "max-age")) {
      // Of two, neither is believed (RFC 9111, section 4.2.1).
      control.max_age =
          control.max_age ? std::chrono::seconds(0) : age(equals == directive.npos ? "" : directive.substr(equals + 1));
    }
  }
  return control;
}

lc::Result<RequestOptions> parse_request_options(const Headers& headers) {
  RequestOptions options;
  options.cache_control = parse_cache_control(headers);
  for (const std::string_view name : {kSession, kBifrostSession}) {
    const auto session = headers.first(name);
    if (!session) continue;
    if (headers.count(name) > 1) return occurs_twice(name);
    if (session->empty()) return lc::fail(lc::ErrorCode::invalid, fmt::format("{} is empty", name));
    options.session = std::string(*session);
    break;
  }
  for (const std::string_view name : {kTtl, kBifrostTtl}) {
    if (headers.count(name) > 1) return occurs_twice(name);
    auto ttl = ttl_of(headers, name);
    if (!ttl) return lc::fail(ttl.error());
    if (!options.ttl) options.ttl = *ttl;
  }
  for (const std::string_view name : {kSample, kMode}) {
    if (headers.count(name) > 1) return occurs_twice(name);
  }
  if (const auto text = headers.first(kSample)) {
    options.sample = whole_number<unsigned>(*text);
    if (!options.sample || *options.sample > kMostSample)
      return malformed(kSample, *text, fmt::format("a whole number from 0 to {}", kMostSample));
  }
  if (const auto text = headers.first(kMode)) {
    options.mode = find_choice(*text, kModes);
    if (!options.mode) return malformed(kMode, *text, "auto, replay, refresh or off");
  }
  for (const std::string_view pointer : headers.list(kIgnore)) {
    if (!pointer.starts_with('/')) return malformed(kIgnore, pointer, "a JSON pointer such as /metadata/id");
    options.ignore.emplace_back(pointer);
  }
  return options;
}

}  // namespace llmcache::serve
