#include <fmt/format.h>
#include <libcache/store_url.h>

#include <algorithm>
#include <utility>

#include "text/ascii.h"
#include "text/integer.h"
#include "text/percent.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;
namespace {

using Kind = StoreUrl::Kind;

struct Scheme {
  std::string_view name;
  Kind kind;
  bool tls = false;
};

// Schemes may begin with `valkey` instead of `redis`.
constexpr Scheme kServerSchemes[] = {
    {"redis://", Kind::redis},
    {"rediss://", Kind::redis, true},
    {"redis+unix://", Kind::redis_unix},
    {"redis+cluster://", Kind::redis_cluster},
    {"rediss+cluster://", Kind::redis_cluster, true},
    {"redis+sentinel://", Kind::redis_sentinel},
    {"rediss+sentinel://", Kind::redis_sentinel, true},
};

bool is_made_of_alphanumerics_or(std::string_view others, std::string_view text) {
  return std::ranges::all_of(text, [&](char c) { return is_letter_or_digit(c) || others.find(c) != others.npos; });
}

// The text before the first `separator`, and the text after it if there is one.
std::pair<std::string_view, std::optional<std::string_view>> cut(std::string_view text, char separator) {
  const auto at = text.find(separator);
  if (at == text.npos) return {text, std::nullopt};
  return {text.substr(0, at), text.substr(at + 1)};
}

Status parse_user(std::string_view text, StoreUrl& url) {
  const auto [user, password] = cut(text, ':');
  auto decoded_user = percent_decoded(user);
  auto decoded_password = percent_decoded(password.value_or(""));
  if (!decoded_user || !decoded_password) {
    return fail(ErrorCode::invalid, "a % in a user or password must be followed by two hex digits");
  }
  url.user = std::move(*decoded_user);
  if (password) url.password = std::move(*decoded_password);
  return {};
}

Status parse_host(std::string_view text, std::uint16_t default_port, StoreUrl& url) {
  StoreUrl::Host host{.name = {}, .port = default_port};
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == text.npos) return fail(ErrorCode::invalid, "an IPv6 address lacks its closing bracket");
    host.name = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (host.name.find(':') == std::string::npos || !is_made_of_alphanumerics_or(":.%-_", host.name)) {
      return fail(ErrorCode::invalid, "the text in brackets is not an IPv6 address");
    }
  } else {
    host.name = text.substr(0, text.find(':'));
    rest = text.substr(host.name.size());
    if (host.name.empty()) return fail(ErrorCode::invalid, "a host is missing");
    if (!is_made_of_alphanumerics_or("-._", host.name))
      return fail(ErrorCode::invalid, "a host name contains invalid characters");
  }
  if (!rest.empty()) {
    const auto port = rest.front() == ':' ? parse_integer<std::uint16_t>(rest.substr(1)) : std::nullopt;
    if (!port || *port == 0) return fail(ErrorCode::invalid, "a port is not a number from 1 to 65535");
    host.port = *port;
  }
  url.hosts.push_back(std::move(host));
  return {};
}

Status parse_hosts(std::string_view list, StoreUrl& url) {
  const std::uint16_t default_port = url.kind == Kind::redis_sentinel ? 26379 : 6379;
  for (std::optional<std::string_view> rest = list; rest;) {
    const auto [host, others] = cut(*rest, ',');
    if (auto parsed = parse_host(host, default_port, url); !parsed) return parsed;
    rest = others;
  }
  if (url.kind == Kind::redis && url.hosts.size() > 1) {
    return fail(ErrorCode::invalid, "several hosts need +cluster or +sentinel");
  }
  return {};
}

Status parse_database(std::string_view digits, StoreUrl& url) {
  const auto number = parse_integer<int>(digits);
  if (!number || *number < 0) return fail(ErrorCode::invalid, "the database is not a number");
  if (*number != 0 && url.kind == Kind::redis_cluster) return fail(ErrorCode::invalid, "a cluster has only database 0");
  url.database = *number;
  return {};
}

// The text after the slash that ends the hosts.
Status parse_path(std::string_view path, StoreUrl& url) {
  if (url.kind != Kind::redis_sentinel) return path.empty() ? Status() : parse_database(path, url);
  const auto [master, database] = cut(path, '/');
  if (master.empty() || !is_made_of_alphanumerics_or("-._", master)) {
    return fail(ErrorCode::invalid, "the master's name must follow the sentinels, as in host:26379/name");
  }
  url.master_name = master;
  return database && !database->empty() ? parse_database(*database, url) : Status();
}

Status parse_query(std::string_view query, StoreUrl& url) {
  const bool local = url.kind == Kind::memory || url.kind == Kind::sqlite || url.kind == Kind::dir;
  for (std::optional<std::string_view> rest = query; rest;) {
    const auto [parameter, others] = cut(*rest, '&');
    const auto [name, value] = cut(parameter, '=');
    rest = others;
    if (name == "db" && !local) {
      if (auto parsed = parse_database(value.value_or(""), url); !parsed) return parsed;
    } else if (name == "read_from" && url.kind == Kind::redis_cluster) {
      if (value != "replicas" && value != "masters") {
        return fail(ErrorCode::invalid, "read_from is either masters or replicas");
      }
      url.read_from_replicas = value == "replicas";
    } else if (name != "read_only") {
      return fail(ErrorCode::invalid,
                  "what follows ? is not one of read_only=1" + std::string(local ? "" : " and db=N"));
    } else if (value == "1" || value == "0") {
      url.read_only = value == "1";
    } else {
      return fail(ErrorCode::invalid, "read_only is either 1 or 0");
    }
  }
  return {};
}

Status parse_server(std::string_view text, StoreUrl& url) {
  const auto [place, query] = cut(text, '?');
  const auto slash = std::min(place.find('/'), place.size());
  auto hosts = place.substr(0, slash);
  const auto path = place.substr(slash);
  if (const auto at = hosts.rfind('@'); at != hosts.npos) {
    if (auto parsed = parse_user(hosts.substr(0, at), url); !parsed) return parsed;
    hosts.remove_prefix(at + 1);
  }
  Status parsed;
  if (url.kind == Kind::redis_unix) {
    if (!hosts.empty() || path.size() < 2) return fail(ErrorCode::invalid, "a socket's absolute path must follow //");
    url.path = path;
  } else if (parsed = parse_hosts(hosts, url); parsed) {
    parsed = parse_path(path.substr(path.empty() ? 0 : 1), url);
  }
  return parsed && query ? parse_query(*query, url) : parsed;
}

Status parse_into(StoreUrl& url, std::string_view text) {
  if (text.find('\0') != text.npos) return fail(ErrorCode::invalid, "it contains a NUL byte");
  const auto [scheme_name, rest] = cut(text, ':');
  if ((scheme_name == "sqlite" || scheme_name == "dir") && rest) {
    const auto [path, query] = cut(*rest, '?');
    if (path.starts_with("//") && !path.starts_with("///")) {
      return fail(ErrorCode::invalid,
                  fmt::format("write the path directly after the colon: {}:{}", scheme_name, path.substr(2)));
    }
    url.path = path;
    if (scheme_name == "dir") url.kind = Kind::dir;
    if (url.kind == Kind::dir && path.empty()) return fail(ErrorCode::invalid, "a directory must follow dir:");
    return query ? parse_query(*query, url) : Status();
  }
  if (scheme_name == "memory" && rest) {
    const auto [path, query] = cut(*rest, '?');
    url.kind = Kind::memory;
    if (!path.empty()) return fail(ErrorCode::invalid, "nothing may follow memory:");
    return query ? parse_query(*query, url) : Status();
  }
  const bool valkey = text.starts_with("valkey");
  for (const auto& scheme : kServerSchemes) {
    const auto name = valkey ? "valkey" + std::string(scheme.name.substr(5)) : std::string(scheme.name);
    if (!text.starts_with(name)) continue;
    url.kind = scheme.kind;
    url.tls = scheme.tls;
    return parse_server(text.substr(name.size()), url);
  }
  return fail(ErrorCode::invalid, "a store is sqlite:PATH, dir:PATH, memory:, or a URL such as redis://HOST:PORT");
}

// Whether a colon is followed by anything but a port, which may be the password of a URL that lacks its @.
bool has_invalid_port(std::string_view hosts) {
  for (std::size_t at = hosts.find(':'); at != hosts.npos; at = hosts.find(':', at + 1)) {
    const auto port = hosts.substr(at + 1, hosts.find_first_of(":,/", at + 1) - at - 1);
    if (!parse_integer<std::uint16_t>(port)) return true;
  }
  return false;
}

// A query with the values of unknown parameters hidden.
std::string without_unknown_values(std::string_view query) {
  std::string shown;
  for (std::optional<std::string_view> rest = query; rest;) {
    const auto [parameter, others] = cut(*rest, '&');
    const auto [name, value] = cut(parameter, '=');
    const bool known = name == "db" || name == "read_from" || name == "read_only";
    shown += (shown.empty() ? "?" : "&") + std::string(known ? parameter : name) + (!known && value ? "=***" : "");
    rest = others;
  }
  return shown;
}

// A URL that does not parse, for a message: everything that may be a password is replaced by ***.
std::string without_secrets(std::string_view text) {
  const auto [scheme, after_scheme] = cut(text, ':');
  const bool has_scheme = after_scheme && is_made_of_alphanumerics_or("+", scheme);
  const bool is_server = has_scheme && (after_scheme->starts_with("//") || scheme.find("redis") != scheme.npos ||
                                        scheme.find("valkey") != scheme.npos);
  std::string shown = is_server ? std::string(scheme) + (after_scheme->starts_with("//") ? "://" : ":") : "";
  std::string_view rest = text.substr(shown.size());
  if (const auto at = rest.rfind('@'); at != rest.npos) {
    shown += "***";
    rest.remove_prefix(at);
  }
  const auto [place, query] = cut(rest, '?');
  shown += is_server && has_invalid_port(place) ? "***" : std::string(place);
  return query ? shown + without_unknown_values(*query) : shown;
}

std::string_view scheme_of(const StoreUrl& url) {
  const auto* found = std::ranges::find_if(
      kServerSchemes, [&](const Scheme& scheme) { return scheme.kind == url.kind && scheme.tls == url.tls; });
  return found->name;
}

}  // namespace

Result<StoreUrl> StoreUrl::parse(std::string_view text) {
  StoreUrl url;
  if (auto parsed = parse_into(url, text); !parsed) {
    return fail(parsed.error().code, "store '" + without_secrets(text) + "': " + parsed.error().message);
  }
  return url;
}

bool StoreUrl::is_remote() const {
  return std::ranges::any_of(hosts, [](const Host& host) {
    return host.name != "localhost" && host.name != "::1" && !host.name.starts_with("127.");
  });
}

std::string StoreUrl::redacted() const {
  std::string text;
  std::string parameters;
  if (kind == Kind::memory) {
    text = "memory:";
  } else if (kind == Kind::sqlite) {
    text = "sqlite:" + path.string();
  } else if (kind == Kind::dir) {
    text = "dir:" + path.string();
  } else {
    text = scheme_of(*this);
    if (!user.empty() || password) text += percent_encoded(user) + (password ? ":***@" : "@");
    text += path.string();
    for (const auto& host : hosts) {
      if (&host != hosts.data()) text += ',';
      const bool v6 = host.name.find(':') != std::string::npos;
      text += (v6 ? "[" + host.name + "]" : host.name) + ":" + std::to_string(host.port);
    }
    if (!master_name.empty()) text += "/" + master_name;
    if (database != 0) (path.empty() ? text : parameters) += (path.empty() ? "/" : "?db=") + std::to_string(database);
  }
  const auto add = [&](const char* parameter) {
    parameters += (parameters.empty() ? "?" : "&") + std::string(parameter);
  };
  if (read_from_replicas) add("read_from=replicas");
  if (read_only) add("read_only=1");
  return text + parameters;
}

}  // namespace libcache LIBCACHE_EXPORT
