// Who may use the server: keeps web pages, and host names that are rebound to loopback, out of a local cache.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/headers.h"

namespace llmcache::serve {

struct AccessRules {
  std::vector<std::string> allowed_hosts;    // --allow-host, and those of --listen
  std::vector<std::string> allowed_origins;  // --allow-origin
};

// The host of a Host field or an authority, in lower case, without its port and without the brackets of IPv6.
std::string host_of(std::string_view authority);

// Whether nothing but a port follows the host of an authority (RFC 3986, section 3.2).
bool has_valid_port(std::string_view authority);

// Whether a request's Host names this server: the address on which it arrived (empty for a unix socket, where any host
// will do), `localhost`, or an allowed host.
bool is_known_host(const AccessRules& rules, std::string_view host, std::string_view local_address);

// Whether a page of this origin may read answers.
bool is_allowed_origin(const AccessRules& rules, std::string_view origin);

// Whether a request is a browser's question before the actual request (Fetch standard, CORS preflight).
bool is_preflight(std::string_view method, const Headers& headers);

// The fields that let an allowed origin read the answer.
Headers cors_fields(std::string_view origin);
// The further fields that answer a preflight: what it may send.
Headers preflight_fields(const Headers& request);

}  // namespace llmcache::serve
