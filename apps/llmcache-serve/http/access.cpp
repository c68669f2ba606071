#include "http/access.h"

#include <algorithm>
#include <cstdint>

#include "text.h"

namespace llmcache::serve {

std::string host_of(std::string_view authority) {
  std::string_view host = authority;
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else if (std::ranges::count(host, ':') == 1) {
    host = host.substr(0, host.find(':'));
  }
  return lower_case(host);
}

bool has_valid_port(std::string_view authority) {
  const std::size_t end_of_address = authority.starts_with('[') ? std::min(authority.find(']'), authority.size()) : 0;
  const std::size_t colon = authority.find(':', end_of_address);
  const bool is_bare_address = end_of_address == 0 && std::ranges::count(authority, ':') > 1;
  if (colon == authority.npos || is_bare_address) return true;
  const std::string_view port = authority.substr(colon + 1);
  return port.empty() || whole_number<std::uint16_t>(port).has_value();
}

bool is_known_host(const AccessRules& rules, std::string_view host, std::string_view local_address) {
  if (local_address.empty()) return true;
  if (!has_valid_port(host)) return false;
  const std::string name = host_of(host);
  if (name == "localhost" || name == local_address) return true;
  return std::ranges::any_of(rules.allowed_hosts, [&](const std::string& allowed) { return host_of(allowed) == name; });
}

bool is_allowed_origin(const AccessRules& rules, std::string_view origin) {
  return std::ranges::any_of(rules.allowed_origins,
                             [&](const std::string& allowed) { return equals_ignoring_case(allowed, origin); });
}

bool is_preflight(std::string_view method, const Headers& headers) {
  return method == "OPTIONS" && headers.first("origin") && headers.first("access-control-request-method");
}

Headers cors_fields(std::string_view origin) {
  Headers fields;
  fields.add("access-control-allow-origin", std::string(origin));
  fields.add("access-control-expose-headers", "*, cache-status, age");
  fields.add("vary", "origin");
  return fields;
}

Headers preflight_fields(const Headers& request) {
  Headers fields;
  fields.add("access-control-allow-methods", std::string(*request.first("access-control-request-method")));
  if (const auto names = request.first("access-control-request-headers")) {
    fields.add("access-control-allow-headers", std::string(*names));
  }
  fields.add("access-control-max-age", "600");
  return fields;
}

}  // namespace llmcache::serve
