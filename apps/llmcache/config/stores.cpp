#include "config/stores.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/files.h"
#include "config/password.h"
#include "failure.h"

namespace llmcache {

namespace lc = libcache;

namespace {

bool sets_tls(std::span<const Resolved> resolved) {
  return std::ranges::any_of(resolved, [](const Resolved& row) {
    constexpr std::string_view kNames[] = {"cacert", "cacertdir",   "client_cert", "client_key",
                                           "sni",    "tls_ciphers", "insecure"};
    return row.origin != kDefaultOrigin && std::ranges::find(kNames, row.setting->name) != std::end(kNames);
  });
}

}  // namespace

bool is_server(const lc::StoreUrl& url) {
  return url.kind != lc::StoreUrl::Kind::memory && url.kind != lc::StoreUrl::Kind::sqlite;
}

std::vector<lc::StoreUrl> store_urls(const Settings& settings) {
  std::vector<lc::StoreUrl> urls;
  for (const std::string& text : settings.stores) {
    lc::StoreUrl url = checked_option(lc::StoreUrl::parse(text));
    if (url.kind == lc::StoreUrl::Kind::sqlite && url.path.empty()) url.path = cache_directory() / "cache.db";
    urls.push_back(std::move(url));
  }
  return urls;
}

lc::StoreOptions store_options(const Settings& settings, std::span<const Resolved> resolved,
                               std::span<const lc::StoreUrl> urls) {
  lc::StoreOptions options;
  options.max_size = settings.max_size;
  options.strict = settings.strict;
  options.redis.connect_timeout = settings.connect_timeout;
  options.redis.operation_timeout = settings.timeout;
  options.redis.retries = settings.retries;
  options.redis.read_timeout = settings.read_timeout;
  options.redis.write_timeout = settings.write_timeout;
  options.redis.pool = settings.pool;
  options.redis.tls = settings.tls;
  if (std::ranges::none_of(urls, is_server)) return options;
  options.redis.password = read_password(settings, resolved);
  const bool in_url = std::ranges::any_of(urls, [](const lc::StoreUrl& url) { return url.password.has_value(); });
  if (!options.redis.password && !in_url) options.redis.password = redis_cli_password();
  return options;
}

std::vector<std::string> store_cautions(const Settings& settings, std::span<const Resolved> resolved,
                                        std::span<const lc::StoreUrl> urls) {
  std::vector<std::string> cautions;
  const bool shared_by_all = !is_set(resolved, "prefix") && !is_set(resolved, "session");
  bool tls = false;
  for (const lc::StoreUrl& url : urls) {
    tls |= url.tls;
    if (url.password) {
      cautions.push_back(
          fmt::format("{} holds a password, which others may see in a list of processes: give it with "
                      "--password-file, --password-command or LLMCACHE_PASSWORD",
                      url.redacted()));
    }
    if (url.is_remote() && shared_by_all) {
      cautions.push_back(
          fmt::format("{} is remote, and everybody who leaves prefix and session at their defaults "
                      "shares its answers: set --session",
                      url.redacted()));
    }
    if (url.tls && settings.tls.insecure) {
      cautions.push_back(fmt::format("{} need not prove who it is (insecure)", url.redacted()));
    }
  }
  if (!tls && std::ranges::any_of(urls, is_server) && sets_tls(resolved)) {
    cautions.emplace_back("the TLS settings do nothing: the store is not reached by TLS (rediss://)");
  }
  return cautions;
}

}  // namespace llmcache
