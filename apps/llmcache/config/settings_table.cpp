#include <algorithm>
#include <array>
#include <iterator>

#include "config/fields.h"
#include "config/settings.h"
#include "failure.h"

namespace llmcache {

using namespace fields;
using libcache::AnswerPolicy;
using libcache::BifrostForm;
using libcache::CacheOptions;
using libcache::KeyOptions;
using libcache::KeyScheme;
using libcache::OnSecret;
using libcache::PoolOptions;
using libcache::RedisOptions;
using libcache::StoreOptions;
using libcache::TlsOptions;
using libcache::Ttl;

namespace {

constexpr Choice<Color> kColors[] = {{"auto", Color::auto_}, {"always", Color::always}, {"never", Color::never}};
constexpr Choice<KeyScheme> kSchemes[] = {{"native", KeyScheme::native}, {"bifrost", KeyScheme::bifrost}};
constexpr Choice<BifrostForm> kForms[] = {{"auto", BifrostForm::detect},
                                          {"core", BifrostForm::core},
                                          {"chat", BifrostForm::chat},
                                          {"text", BifrostForm::text},
                                          {"embeddings", BifrostForm::embeddings},
                                          {"speech", BifrostForm::speech},
                                          {"transcription", BifrostForm::transcription}};
constexpr Choice<bool> kOnStoreError[] = {{"fail", false}, {"miss", true}};
constexpr Choice<OnSecret> kOnSecret[] = {
    {"allow", OnSecret::allow}, {"refuse", OnSecret::refuse}, {"redact", OnSecret::redact}};
// A negative TTL has a meaning to gateways only; native caches reject it when they are opened.
constexpr Field entry_ttl() {
  Field field = duration_or_never<&Settings::cache, &CacheOptions::ttl, &Ttl::duration>();
  field.apply = [](Settings& s, const Texts& v) {
    const std::string& text = v.back();
    s.cache.ttl.duration = text.starts_with('-') ? -parse_duration(text.substr(1)) : parse_duration_or_never(text);
  };
  return field;
}

// Which answers besides complete ones are stored.
struct Accepted {
  bool incomplete = false;
  bool errors = false;
  bool operator==(const Accepted&) const = default;
};
constexpr Choice<Accepted> kAccept[] = {
    {"complete", {}}, {"incomplete", {true, false}}, {"errors", {false, true}}, {"any", {true, true}}};

constexpr Field accept() {
  return {ValueKind::text,
          [](Settings& s, const Texts& v) {
            const Accepted accepted = parse_choice(v.back(), kAccept);
            s.cache.policy.accept_incomplete = accepted.incomplete;
            s.cache.policy.accept_errors = accepted.errors;
          },
          [](const Settings& s) {
            const Accepted accepted{s.cache.policy.accept_incomplete, s.cache.policy.accept_errors};
            return Texts{std::string(std::ranges::find(kAccept, accepted, &Choice<Accepted>::value)->name)};
          },
          [] { return names_of(kAccept); }};
}

// `auto` means none, except where a command knows where the request goes.
constexpr Field endpoint() {
  return {ValueKind::text,
          [](Settings& s, const Texts& v) {
            if (const auto normal = libcache::normal_endpoint(v.back()); !normal) usage_error(normal.error().message);
            s.endpoint = v.back();
            s.cache.key.endpoint = s.endpoint == "auto" || s.endpoint == "none" ? "" : s.endpoint;
          },
          [](const Settings& s) { return Texts{s.endpoint}; }};
}

// One text is split at its spaces; several are a program and its arguments.
constexpr Field password_command() {
  return {ValueKind::words,
          [](Settings& s, const Texts& v) { s.password_command = v.size() == 1 ? split(v.front(), ' ') : v; },
          [](const Settings& s) { return s.password_command; }};
}

template <auto Member>
constexpr Field tls_text() {
  return text<&Settings::store, &StoreOptions::redis, &RedisOptions::tls, Member>();
}
template <auto Member>
constexpr Field tls_path() {
  return path<&Settings::store, &StoreOptions::redis, &RedisOptions::tls, Member>();
}

constexpr auto kTable = std::to_array<Setting>({
    {.name = "store",
     .flag = "--store",
     .value = "URL",
     .help = "where entries are stored (see 'llmcache help stores'); repeatable, near stores before far ones",
     .field = list<&Settings::stores>(ValueKind::store_urls),
     .scope = Scope::trusted},
    {.name = "compat",
     .flag = "--compat",
     .value = "SCHEME",
     .help = "native, or bifrost: shares the cache of a Bifrost gateway",
     .field = choice<kSchemes, &Settings::cache, &CacheOptions::key, &KeyOptions::scheme>()},
    {.name = "form",
     .flag = "--form",
     .value = "FORM",
     .help = "bifrost: the form of a request: core, chat, text, embeddings, speech or transcription; auto detects it",
     .field = choice<kForms, &Settings::cache, &CacheOptions::key, &KeyOptions::form>()},
    {.name = "prefix",
     .flag = "--prefix",
     .value = "P",
     .help = "the prefix of the name of every entry; may be empty",
     .field = text<&Settings::cache, &CacheOptions::key, &KeyOptions::prefix>(),
     .may_be_empty = true},
    {.name = "session",
     .flag = "--session",
     .value = "S",
     .help = "namespace within which answers are shared",
     .field = text<&Settings::cache, &CacheOptions::key, &KeyOptions::session>()},
    {.name = "ttl",
     .flag = "--ttl",
     .value = "D",
     .help = "how long a new entry lives, or 'never' for no limit; 0 stores nothing",
     .field = entry_ttl()},
    {.name = "provider",
     .flag = "--provider",
     .value = "P",
     .help = "sets the provider of the request in the key",
     .field = optional_text<&Settings::cache, &CacheOptions::key, &KeyOptions::provider>()},
    {.name = "endpoint",
     .flag = "--endpoint",
     .value = "URL",
     .help = "where the request goes: a URL or any other text, auto (run: from COMMAND), or none",
     .field = endpoint()},
    {.name = "by_model",
     .flag = "--no-model",
     .switch_value = "false",
     .help = "leaves the model out of the key",
     .field = boolean<&Settings::cache, &CacheOptions::key, &KeyOptions::by_model>()},
    {.name = "by_provider",
     .flag = "--no-provider",
     .switch_value = "false",
     .help = "leaves the provider out of the key",
     .field = boolean<&Settings::cache, &CacheOptions::key, &KeyOptions::by_provider>()},
    {.name = "ignore",
     .flag = "--ignore",
     .value = "POINTER",
     .help = "a JSON pointer to a member that is left out of the key; repeatable",
     .field = list<&Settings::cache, &CacheOptions::key, &KeyOptions::ignore>()},
    {.name = "sample",
     .flag = "--sample",
     .value = "N",
     .help = "number of the stored sample to use, if a request has several answers",
     .field = count<0, kMostSample, &Settings::cache, &CacheOptions::key, &KeyOptions::sample>()},
    {.name = "upstreams",
     .help = "where serve sends requests: a list of NAME=URL, or one URL; its --upstream comes after them",
     .field = list<&Settings::upstreams>(),
     .scope = Scope::trusted},
    {.name = "json",
     .flag = "--json",
     .switch_value = "true",
     .help = "prints listings, reports and errors as JSON",
     .field = boolean<&Settings::json>()},
    {.name = "quiet",
     .flag = "-q,--quiet",
     .switch_value = "true",
     .help = "prints no warnings",
     .field = boolean<&Settings::quiet>()},
    {.name = "verbose",
     .flag = "-v,--verbose",
     .switch_value = "true",
     .help = "reports on stderr what the cache does",
     .field = boolean<&Settings::verbose>()},
    {.name = "strict",
     .flag = "--strict",
     .switch_value = "true",
     .help = "fails on damaged entries and files instead of treating them as misses",
     .field = boolean<&Settings::strict>()},
    {.name = "color",
     .flag = "--color",
     .value = "WHEN",
     .help = "colored output: auto, always or never",
     .field = choice<kColors, &Settings::color>()},
    {.name = "deadline",
     .flag = "--deadline",
     .value = "D",
     .help = "the total time that the store may take, including its password",
     .field = duration<&Settings::deadline>()},
    {.name = "on_store_error",
     .flag = "--on-store-error",
     .value = "WHAT",
     .help = "fail, or miss: a lookup in a store that is down is a miss",
     .field = choice<kOnStoreError, &Settings::miss_on_store_error>()},
    {.name = "max_size",
     .flag = "--max-size",
     .value = "SIZE",
     .help = "how much disk space an embedded store may use; 0: no limit",
     .field = size<&Settings::store, &StoreOptions::max_size>(),
     .scope = Scope::trusted},
    {.name = "max_entry",
     .flag = "--max-entry",
     .value = "SIZE",
     .help = "the largest entry that is stored",
     .field = size<&Settings::cache, &CacheOptions::max_entry>()},
    {.name = "keep_request",
     .flag = "--no-keep-request",
     .switch_value = "false",
     .help = "stores answers without their requests",
     .field = boolean<&Settings::cache, &CacheOptions::keep_request>()},
    {.name = "stats",
     .flag = "--no-stats",
     .switch_value = "false",
     .help = "does not count what the cache does for 'llmcache stats'",
     .field = boolean<&Settings::cache, &CacheOptions::keep_statistics>()},
    {.name = "connect_timeout",
     .flag = "--connect-timeout",
     .value = "D",
     .help = "how long connecting to a server may take",
     .field = duration<&Settings::store, &StoreOptions::redis, &RedisOptions::connect_timeout>()},
    {.name = "timeout",
     .flag = "--timeout",
     .value = "D",
     .help = "how long one operation on a server may take",
     .field = duration<&Settings::store, &StoreOptions::redis, &RedisOptions::operation_timeout>()},
    {.name = "retries",
     .flag = "--retries",
     .value = "N",
     .help =
         "how often to retry after a lost connection; on the command line of run --lines also: a COMMAND that failed",
     .field = count<0, 100, &Settings::store, &StoreOptions::redis, &RedisOptions::retries>()},
    {.name = "read_timeout",
     .help = "how long each reply of a server may take",
     .field = optional_duration<&Settings::store, &StoreOptions::redis, &RedisOptions::read_timeout>()},
    {.name = "write_timeout",
     .help = "how long sending to a server may take",
     .field = optional_duration<&Settings::store, &StoreOptions::redis, &RedisOptions::write_timeout>()},
    {.name = "pool_size",
     .help = "how many connections to a server may be open",
     .field = count<1, UINT32_MAX, &Settings::store, &StoreOptions::redis, &RedisOptions::pool, &PoolOptions::size>()},
    {.name = "min_idle_conns",
     .help = "how many unused connections are kept whatever their age",
     .field =
         count<0, UINT32_MAX, &Settings::store, &StoreOptions::redis, &RedisOptions::pool, &PoolOptions::min_idle>()},
    {.name = "max_idle_conns",
     .help = "how many unused connections are kept",
     .field =
         count<0, UINT32_MAX, &Settings::store, &StoreOptions::redis, &RedisOptions::pool, &PoolOptions::max_idle>()},
    {.name = "conn_max_lifetime",
     .help = "how long a connection is used",
     .field =
         duration_or_never<&Settings::store, &StoreOptions::redis, &RedisOptions::pool, &PoolOptions::max_lifetime>()},
    {.name = "conn_max_idle_time",
     .help = "how long an unused connection is kept",
     .field =
         duration_or_never<&Settings::store, &StoreOptions::redis, &RedisOptions::pool, &PoolOptions::max_idle_time>()},
    {.name = "password",
     .help = "the password of the store",
     .field = optional_text<&Settings::store, &StoreOptions::redis, &RedisOptions::password>(),
     .scope = Scope::caller_only},
    {.name = "password_file",
     .flag = "--password-file",
     .value = "FILE",
     .help = "a file whose first line is the password of the store",
     .field = path<&Settings::password_file>(),
     .scope = Scope::trusted},
    {.name = "password_command",
     .flag = "--password-command",
     .value = "CMD",
     .help = "a program, with its arguments, that prints the password of the store",
     .field = password_command(),
     .scope = Scope::trusted},
    {.name = "cacert",
     .flag = "--cacert",
     .value = "FILE",
     .help = "TLS: the certificate authorities to trust",
     .field = tls_path<&TlsOptions::ca_file>(),
     .scope = Scope::trusted},
    {.name = "cacertdir",
     .flag = "--cacertdir",
     .value = "DIR",
     .help = "TLS: a directory of certificate authorities to trust",
     .field = tls_path<&TlsOptions::ca_directory>(),
     .scope = Scope::trusted},
    {.name = "client_cert",
     .flag = "--client-cert",
     .value = "FILE",
     .help = "TLS: the client certificate",
     .field = tls_path<&TlsOptions::certificate>(),
     .scope = Scope::trusted},
    {.name = "client_key",
     .flag = "--client-key",
     .value = "FILE",
     .help = "TLS: the key of the client certificate",
     .field = tls_path<&TlsOptions::key>(),
     .scope = Scope::trusted},
    {.name = "sni",
     .flag = "--sni",
     .value = "NAME",
     .help = "TLS: the server's name, in place of the URL's host",
     .field = tls_text<&TlsOptions::server_name>(),
     .scope = Scope::trusted},
    {.name = "tls_ciphers",
     .flag = "--tls-ciphers",
     .value = "LIST",
     .help = "TLS 1.2: the ciphers to offer",
     .field = tls_text<&TlsOptions::ciphers>(),
     .scope = Scope::trusted},
    {.name = "insecure",
     .flag = "--insecure",
     .switch_value = "true",
     .help = "TLS: accepts any certificate",
     .field = boolean<&Settings::store, &StoreOptions::redis, &RedisOptions::tls, &TlsOptions::insecure>(),
     .scope = Scope::trusted},
    {.name = "refuse",
     .flag = "--refuse",
     .value = "REASON,...",
     .help = "does not store answers with one of these finish reasons, as length,content_filter; repeatable",
     .field = separated<',', &Settings::cache, &CacheOptions::policy, &AnswerPolicy::refuse>()},
    {.name = "accept",
     .flag = "--accept",
     .value = "WHAT",
     .help = "complete, or also stores incomplete answers, errors, or any",
     .field = accept()},
    {.name = "on_secret",
     .flag = "--on-secret",
     .value = "WHAT",
     .help = "if an answer or its request holds a key or password: refuse to store it, redact it, or allow it",
     .field = choice<kOnSecret, &Settings::cache, &CacheOptions::policy, &AnswerPolicy::on_secret>()},
    {.name = "use_log",
     .flag = "--use-log",
     .value = "FILE",
     .help = "appends the name of each entry that is looked up to FILE, for 'llmcache fixtures unused'",
     .field = path<&Settings::use_log>(),
     .scope = Scope::trusted},
    {.name = "config",
     .flag = "--config",
     .value = "FILE",
     .help = "reads this configuration file instead of the usual ones",
     .field = optional_text<&Settings::config>(ValueKind::path),
     .scope = Scope::caller_only},
    {.name = "trusted_dirs",
     .help = "directories whose .llmcache.json may set everything",
     .field = list<&Settings::trusted_dirs>(),
     .scope = Scope::user_only},
});

}  // namespace

std::string Setting::environment_name() const {
  std::string variable = "LLMCACHE_";
  for (const char c : name) variable += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return variable;
}

std::vector<std::string> Setting::default_texts() const {
  static const Settings defaults;
  return field.texts(defaults);
}

std::span<const Setting> setting_table() {
  return kTable;
}

const Setting* find_setting(std::string_view name) {
  const auto row = std::ranges::find(kTable, name, &Setting::name);
  return row == kTable.end() ? nullptr : &*row;
}

}  // namespace llmcache
