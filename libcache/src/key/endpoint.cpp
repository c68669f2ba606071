#include <fmt/format.h>
#include <libcache/key.h>

#include <algorithm>
#include <array>

#include "text/ascii.h"
#include "text/percent.h"
#include "text/utf8.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

namespace {

constexpr std::size_t kLongest = 2048;

constexpr auto kCredentials =
    std::to_array<std::string_view>({"key", "api_key", "api-key", "apikey", "access_token", "token", "auth", "sig",
                                     "signature", "code", "subscription-key", "client_secret", "password"});

// Truncates `text` before the first of `marks`, and returns the rest.
std::string_view cut_before(std::string_view& text, std::string_view marks) {
  const std::size_t end = std::min(text.find_first_of(marks), text.size());
  const std::string_view rest = text.substr(end);
  text = text.substr(0, end);
  return rest;
}

// Host and port without user, password and default port; empty if there is no host.
std::string normal_authority(std::string_view authority, std::string_view default_port) {
  authority.remove_prefix(authority.rfind('@') + 1);  // npos + 1 is 0
  const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  const std::size_t colon = std::min(authority.find(':', std::min(bracket, authority.size())), authority.size());
  if (colon == 0) return {};
  const std::string_view port = authority.substr(std::min(colon + 1, authority.size()));
  std::string normal = to_lower(authority.substr(0, colon));
  if (!port.empty() && port != default_port) fmt::format_to(std::back_inserter(normal), ":{}", port);
  return normal;
}

// The query without empty parameters and credentials. It begins with a question mark unless nothing is left.
std::string normal_query(std::string_view query) {
  std::string normal;
  while (!query.empty()) {
    query.remove_prefix(1);  // '?' or '&'
    std::string_view parameter = query;
    query = cut_before(parameter, "&");
    if (parameter.empty() || is_credential_parameter(parameter)) continue;
    (normal += normal.empty() ? '?' : '&') += parameter;
  }
  return normal;
}

}  // namespace

bool is_credential_parameter(std::string_view parameter) {
  const std::string_view written = parameter.substr(0, parameter.find('='));
  const std::string name = to_lower(percent_decoded(written).value_or(std::string(written)));
  return name.starts_with("x-amz-") || std::ranges::find(kCredentials, name) != kCredentials.end();
}

Result<std::string> normal_endpoint(std::string_view endpoint) {
  if (endpoint.size() > kLongest) {
    return fail(ErrorCode::invalid, fmt::format("the endpoint is longer than {} bytes", kLongest));
  }
  if (std::ranges::any_of(endpoint, is_control)) {
    return fail(ErrorCode::invalid, "the endpoint contains a control character");
  }
  if (valid_utf8_prefix(endpoint) < endpoint.size()) return fail(ErrorCode::invalid, "the endpoint is not UTF-8");
  const std::string scheme = to_lower(endpoint.substr(0, endpoint.find("://")));
  if (scheme.size() == endpoint.size() || (scheme != "http" && scheme != "https")) return std::string(endpoint);
  std::string_view authority = endpoint.substr(scheme.size() + 3);
  cut_before(authority, "#");
  std::string_view path = cut_before(authority, "/?");
  const std::string_view query = cut_before(path, "?");
  const std::string host = normal_authority(authority, scheme == "http" ? "80" : "443");
  if (host.empty()) return fail(ErrorCode::invalid, "the endpoint's URL has no host");
  return fmt::format("{}://{}{}{}", scheme, host, path.empty() ? "/" : path, normal_query(query));
}

}  // namespace libcache LIBCACHE_EXPORT
