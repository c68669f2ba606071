#include "http/request_options.h"

#include <fmt/format.h>

#include <charconv>

#include "config/values.h"
#include "failure.h"

namespace llmcache::serve {

namespace lc = libcache;

namespace {

constexpr std::string_view kSession = "x-llmcache-session";
constexpr std::string_view kSeedSession = "x-bf-cache-key";
constexpr std::string_view kTtl = "x-llmcache-ttl";
constexpr std::string_view kSeedTtl = "x-bf-cache-ttl";
constexpr std::string_view kSample = "x-llmcache-sample";
constexpr std::string_view kMode = "x-llmcache-mode";
constexpr std::string_view kIgnore = "x-llmcache-ignore";

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

auto malformed(std::string_view name, std::string_view value, std::string_view expected) {
  return lc::fail(lc::ErrorCode::invalid, fmt::format("{}: '{}' is not {}", name, value, expected));
}

std::optional<std::chrono::seconds> age(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  const auto seconds = number<std::uint32_t>(text);
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

std::optional<Mode> parse_mode(std::string_view text) {
  if (text == "auto") return Mode::auto_;
  if (text == "replay") return Mode::replay;
  if (text == "refresh") return Mode::refresh;
  if (text == "off") return Mode::off;
  return std::nullopt;
}

CacheControl parse_cache_control(const Headers& headers) {
  CacheControl control;
  for (const std::string_view directive : headers.list("cache-control")) {
    const std::size_t equals = directive.find('=');
    const std::string_view name = directive.substr(0, equals);
    if (equals_ignoring_case(name, "no-store")) control.no_store = true;
    if (equals_ignoring_case(name, "no-cache")) control.no_cache = true;
    if (equals_ignoring_case(name, "only-if-cached")) control.only_if_cached = true;
    if (equals_ignoring_case(name, "max-age")) {
      control.max_age = age(equals == directive.npos ? "" : directive.substr(equals + 1));
    }
  }
  return control;
}

lc::Result<RequestOptions> parse_request_options(const Headers& headers) {
  RequestOptions options;
  options.cache_control = parse_cache_control(headers);
  for (const std::string_view name : {kSession, kSeedSession}) {
    const auto session = headers.first(name);
    if (!session) continue;
    if (headers.count(name) > 1) return lc::fail(lc::ErrorCode::invalid, fmt::format("{} occurs more than once", name));
    if (session->empty()) return lc::fail(lc::ErrorCode::invalid, fmt::format("{} is empty", name));
    options.session = std::string(*session);
    break;
  }
  for (const std::string_view name : {kTtl, kSeedTtl}) {
    auto ttl = ttl_of(headers, name);
    if (!ttl) return lc::fail(ttl.error());
    if (!options.ttl) options.ttl = *ttl;
  }
  if (const auto text = headers.first(kSample)) {
    options.sample = number<unsigned>(*text);
    if (!options.sample) return malformed(kSample, *text, "a whole number of at least 0");
  }
  if (const auto text = headers.first(kMode)) {
    options.mode = parse_mode(*text);
    if (!options.mode) return malformed(kMode, *text, "auto, replay, refresh or off");
  }
  for (const std::string_view pointer : headers.list(kIgnore)) {
    if (!pointer.starts_with('/')) return malformed(kIgnore, pointer, "a JSON pointer such as /metadata/id");
    options.ignore.emplace_back(pointer);
  }
  return options;
}

}  // namespace llmcache::serve
