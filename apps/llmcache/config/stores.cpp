#include "config/stores.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

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

// OpenSSL's own message does not say which file is missing.
void check_tls_files(const lc::TlsOptions& tls) {
  const std::pair<const char*, const std::filesystem::path&> files[] = {{"--cacert", tls.ca_file},
                                                                        {"--cacertdir", tls.ca_directory},
                                                                        {"--client-cert", tls.certificate},
                                                                        {"--client-key", tls.key}};
  for (const auto& [flag, path] : files) {
    if (path.empty()) continue;
    if (::access(path.c_str(), R_OK) != 0) {
      usage_error(fmt::format("{}: cannot read '{}': {}", flag, path.string(), std::strerror(errno)));
    }
    if (!std::filesystem::is_regular_file(path) && !std::filesystem::is_directory(path)) {
      usage_error(fmt::format("{}: '{}' is neither a regular file nor a directory", flag, path.string()));
    }
  }
}

}  // namespace

bool is_server(const lc::StoreUrl& url) {
  using Kind = lc::StoreUrl::Kind;
  return url.kind != Kind::memory && url.kind != Kind::sqlite && url.kind != Kind::dir;
}

lc::StoreUrl parse_store(const std::string& text) {
  lc::StoreUrl url = checked_option(lc::StoreUrl::parse(text));
  // Shells expand a tilde at the beginning of a word only.
  const char* const home = std::getenv("HOME");
  if (url.path.native().starts_with("~/") && home != nullptr) url.path = home + url.path.native().substr(1);
  if (url.kind == lc::StoreUrl::Kind::sqlite && url.path.empty()) url.path = cache_directory() / "cache.db";
  return url;
}

std::vector<lc::StoreUrl> store_urls(const Settings& settings) {
  std::vector<lc::StoreUrl> urls;
  for (const std::string& text : settings.stores) urls.push_back(parse_store(text));
  return urls;
}

lc::StoreOptions store_options(const Settings& settings, std::span<const Resolved> resolved,
                               std::span<const lc::StoreUrl> urls, lc::Deadline deadline) {
  lc::StoreOptions options = settings.store;
  options.strict = settings.strict;
  options.runtime_directory = runtime_directory();
  options.state_directory = state_directory().value_or("");
  if (std::ranges::none_of(urls, is_server)) return options;
  if (std::ranges::any_of(urls, &lc::StoreUrl::tls)) check_tls_files(options.redis.tls);
  options.redis.password = read_password(settings, resolved, deadline);
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
          fmt::format("{} holds a password, which other users may see in the list of processes: use --password-file, "
                      "--password-command or LLMCACHE_PASSWORD",
                      url.redacted()));
    }
    if (url.is_remote() && shared_by_all) {
      cautions.push_back(
          fmt::format("{} is remote, and everybody who uses the default prefix and session shares its answers: set "
                      "--session",
                      url.redacted()));
    }
    if (url.tls && settings.store.redis.tls.insecure) {
      cautions.push_back(fmt::format("the TLS certificate of {} is not verified (--insecure)", url.redacted()));
    }
  }
  if (!tls && std::ranges::any_of(urls, is_server) && sets_tls(resolved)) {
    cautions.emplace_back("the TLS settings have no effect, since the store does not use TLS (rediss://)");
  }
  return cautions;
}

std::string stores_help() {
  return R"(Stores are set with --store URL, LLMCACHE_STORE, or "store" in a configuration file:

  sqlite:                 the default: $XDG_CACHE_HOME/llmcache/cache.db
  sqlite:PATH             an SQLite file, created by the first write
  dir:PATH                a directory with one readable file per entry, for recordings in git
  redis://[user[:password]@]host[:port][/db]     a Redis or Valkey server; rediss:// with TLS
  redis+unix:///path.sock?db=1                   a server on a unix socket
  redis+cluster://h1:p,h2:p                      a cluster
  redis+sentinel://h1:p,h2:p/master[/db]         the master that sentinels name
  memory:                 within one process; for programs that link libcache

An embedded store but dir: evicts the least recently used entries to stay below --max-size.
With '?read_only=1' at the end of a URL, nothing is written.

Several stores form one: '--store sqlite: --store redis://cache.example.com' reads from the near
store first, copies hits from the far one into it, and writes to both.

The password of a server comes from --password-file, --password-command, LLMCACHE_PASSWORD,
LLMCACHE_PASSWORD_FILE, a configuration file, the URL (with a warning) or REDISCLI_AUTH, in this
order. With TLS the host name is verified; --cacert names your own certificate authority.
)";
}

}  // namespace llmcache
