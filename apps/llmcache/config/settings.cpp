#include "config/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "failure.h"

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace llmcache {

namespace lc = libcache;

namespace {

using Texts = std::vector<std::string>;

Color parse_color(std::string_view text) {
  if (text == "auto") return Color::auto_;
  if (text == "always") return Color::always;
  if (text == "never") return Color::never;
  usage_error(fmt::format("'{}' is not a colour mode: write auto, always or never", text));
}

// A negative TTL has a meaning to gateways only; native caches reject it when they are opened.
lc::Ttl parse_entry_ttl(std::string_view text) {
  if (text.starts_with('-')) return {-parse_duration(text.substr(1))};
  return parse_ttl(text);
}

lc::KeyScheme parse_compat(std::string_view text) {
  if (text == "native") return lc::KeyScheme::native;
  if (text == "bifrost") return lc::KeyScheme::bifrost;
  usage_error(fmt::format("'{}' is not a scheme: write native or bifrost", text));
}

lc::BifrostForm parse_form(std::string_view text) {
  using Form = lc::BifrostForm;
  constexpr std::array<std::pair<std::string_view, Form>, 7> kForms{{{"auto", Form::detect},
                                                                     {"core", Form::core},
                                                                     {"chat", Form::chat},
                                                                     {"text", Form::text},
                                                                     {"embeddings", Form::embeddings},
                                                                     {"speech", Form::speech},
                                                                     {"transcription", Form::transcription}}};
  for (const auto& [name, form] : kForms) {
    if (text == name) return form;
  }
  usage_error(
      fmt::format("'{}' is not a form: write auto, core, chat, text, embeddings, speech or transcription", text));
}

bool parse_on_store_error(std::string_view text) {
  if (text == "miss") return true;
  if (text == "fail") return false;
  usage_error(fmt::format("'{}' is not a policy on store errors: write fail or miss", text));
}

bool parse_accept(std::string_view text) {
  if (text == "complete") return false;
  if (text == "incomplete") return true;
  usage_error(fmt::format("'{}' is not a kind of answer: write complete or incomplete", text));
}

unsigned parse_sample(std::string_view text) {
  const std::uint64_t sample = parse_count(text);
  if (sample > 1000000) usage_error("a sample's number is at most 1000000");
  return static_cast<unsigned>(sample);
}

Texts words_of(std::string_view text) {
  return split(text, ' ');
}

Texts split_at_commas(const Texts& texts) {
  Texts parts;
  for (const std::string& text : texts) std::ranges::move(split(text, ','), std::back_inserter(parts));
  return parts;
}

unsigned parse_retries(std::string_view text) {
  const std::uint64_t retries = parse_count(text);
  if (retries > 100) usage_error("there are at most 100 retries");
  return static_cast<unsigned>(retries);
}

constexpr auto kTable = std::to_array<Setting>({
    {"store", "--store", "URL", "",
     "sqlite:", "where entries live (see 'llmcache help stores'); repeatable, near before far", Scope::trusted, true,
     [](Settings& s, const Texts& v) { s.stores = v; }},
    {"compat", "--compat", "SCHEME", "", "native", "native, or bifrost: share the cache of a Bifrost gateway",
     Scope::anywhere, false, [](Settings& s, const Texts& v) { s.compat = parse_compat(v.back()); }},
    {"form", "--form", "FORM", "", "auto", "what a request to Bifrost is: core, chat, text, embeddings ...",
     Scope::anywhere, false, [](Settings& s, const Texts& v) { s.form = parse_form(v.back()); }},
    {"prefix", "--prefix", "P", "", "llmcache:", "what every name in the store starts with", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.prefix = v.back(); }, true},
    {"session", "--session", "S", "", "default", "who shares answers", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.session = v.back(); }},
    {"ttl", "--ttl", "D", "", "5m", "how long a new entry lives, or 'never' for no end", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.ttl = parse_entry_ttl(v.back()); }},
    {"provider", "--provider", "P", "", "", "sets the request's provider in the key", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.provider = v.back(); }},
    {"by_model", "--no-model", "", "false", "true", "leaves the model out of the key", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.by_model = parse_bool(v.back()); }},
    {"by_provider", "--no-provider", "", "false", "true", "leaves the provider out of the key", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.by_provider = parse_bool(v.back()); }},
    {"ignore", "--ignore", "POINTER", "", "", "a JSON pointer that does not count (repeatable)", Scope::anywhere, true,
     [](Settings& s, const Texts& v) { s.ignore = v; }},
    {"sample", "--sample", "N", "", "0", "which of several answers to one request", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.sample = parse_sample(v.back()); }},
    {"json", "--json", "", "true", "false", "prints listings, reports and errors as JSON", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.json = parse_bool(v.back()); }},
    {"quiet", "-q,--quiet", "", "true", "false", "prints no warnings", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.quiet = parse_bool(v.back()); }},
    {"verbose", "-v,--verbose", "", "true", "false", "says on stderr what the cache does", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.verbose = parse_bool(v.back()); }},
    {"strict", "--strict", "", "true", "false", "fails on damaged entries and files instead of missing",
     Scope::anywhere, false, [](Settings& s, const Texts& v) { s.strict = parse_bool(v.back()); }},
    {"color", "--color", "WHEN", "", "auto", "coloured output: auto, always or never", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.color = parse_color(v.back()); }},
    {"deadline", "--deadline", "D", "", "3s", "how long the store may take in all", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.deadline = parse_duration(v.back()); }},
    {"on_store_error", "--on-store-error", "WHAT", "", "fail", "fail, or miss: a broken store counts as a miss",
     Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.miss_on_store_error = parse_on_store_error(v.back()); }},
    {"max_size", "--max-size", "SIZE", "", "5G", "what an embedded store may take on disk", Scope::trusted, false,
     [](Settings& s, const Texts& v) { s.max_size = parse_size(v.back()); }},
    {"max_entry", "--max-entry", "SIZE", "", "512M", "the largest entry that is stored", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.max_entry = parse_size(v.back()); }},
    {"keep_request", "--no-keep-request", "", "false", "true", "stores answers without their requests", Scope::anywhere,
     false, [](Settings& s, const Texts& v) { s.keep_request = parse_bool(v.back()); }},
    {"connect_timeout", "--connect-timeout", "D", "", "250ms", "how long connecting to a server may take",
     Scope::anywhere, false, [](Settings& s, const Texts& v) { s.connect_timeout = parse_duration(v.back()); }},
    {"timeout", "--timeout", "D", "", "2s", "how long a server may take over one operation", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.timeout = parse_duration(v.back()); }},
    {"retries", "--retries", "N", "", "1", "how often to send again what a connection broke off", Scope::anywhere,
     false, [](Settings& s, const Texts& v) { s.retries = parse_retries(v.back()); }},
    {"read_timeout", "", "", "", "", "how long each reply of a server may take", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.read_timeout = parse_duration(v.back()); }},
    {"write_timeout", "", "", "", "", "how long sending to a server may take", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.write_timeout = parse_duration(v.back()); }},
    {"pool_size", "", "", "", "10", "how many connections to a server may be open", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.pool.size = std::max<std::size_t>(1, parse_count(v.back())); }},
    {"min_idle_conns", "", "", "", "0", "how many unused connections are kept whatever their age", Scope::anywhere,
     false, [](Settings& s, const Texts& v) { s.pool.min_idle = parse_count(v.back()); }},
    {"max_idle_conns", "", "", "", "10", "how many unused connections are kept", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.pool.max_idle = parse_count(v.back()); }},
    {"conn_max_lifetime", "", "", "", "never", "how long a connection is used", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.pool.max_lifetime = parse_ttl(v.back()).duration; }},
    {"conn_max_idle_time", "", "", "", "30m", "how long an unused connection is kept", Scope::anywhere, false,
     [](Settings& s, const Texts& v) { s.pool.max_idle_time = parse_ttl(v.back()).duration; }},
    {"password", "", "", "", "", "the store's password", Scope::caller_only, false,
     [](Settings& s, const Texts& v) { s.password = v.back(); }},
    {"password_file", "--password-file", "FILE", "", "", "a file whose first line is the store's password",
     Scope::trusted, false, [](Settings& s, const Texts& v) { s.password_file = v.back(); }},
    {"password_command", "--password-command", "CMD", "", "", "a program, with its arguments, that prints the password",
     Scope::trusted, true,
     [](Settings& s, const Texts& v) { s.password_command = v.size() == 1 ? words_of(v.front()) : v; }},
    {"cacert", "--cacert", "FILE", "", "", "TLS: the authorities to trust", Scope::trusted, false,
     [](Settings& s, const Texts& v) { s.tls.ca_file = v.back(); }},
    {"cacertdir", "--cacertdir", "DIR", "", "", "TLS: a directory of them", Scope::trusted, false,
     [](Settings& s, const Texts& v) { s.tls.ca_directory = v.back(); }},
    {"client_cert", "--client-cert", "FILE", "", "", "TLS: our own certificate", Scope::trusted, false,
     [](Settings& s, const Texts& v) { s.tls.certificate = v.back(); }},
    {"client_key", "--client-key", "FILE", "", "", "TLS: the key of our certificate", Scope::trusted, false,
     [](Settings& s, const Texts& v) { s.tls.key = v.back(); }},
    {"sni", "--sni", "NAME", "", "", "TLS: the server's name, in place of the URL's host", Scope::trusted, false,
     [](Settings& s, const Texts& v) { s.tls.server_name = v.back(); }},
    {"tls_ciphers", "--tls-ciphers", "LIST", "", "", "TLS 1.2: the ciphers to offer", Scope::trusted, false,
     [](Settings& s, const Texts& v) { s.tls.ciphers = v.back(); }},
    {"insecure", "--insecure", "", "true", "false", "TLS: accepts any certificate", Scope::trusted, false,
     [](Settings& s, const Texts& v) { s.tls.insecure = parse_bool(v.back()); }},
    {"refuse", "--refuse", "REASONS", "", "", "stores no answer that ended for one of these: length,content_filter",
     Scope::anywhere, true, [](Settings& s, const Texts& v) { s.refuse = split_at_commas(v); }},
    {"accept", "--accept", "WHAT", "", "complete", "complete, or incomplete: stores answers that were cut off too",
     Scope::anywhere, false, [](Settings& s, const Texts& v) { s.accept_incomplete = parse_accept(v.back()); }},
    {"config", "--config", "FILE", "", "", "reads this configuration file instead of the usual ones",
     Scope::caller_only, false, [](Settings& s, const Texts& v) { s.config = v.back(); }},
    {"trusted_dirs", "", "", "", "", "directories whose .llmcache.json may set everything", Scope::user_only, true,
     [](Settings& s, const Texts& v) { s.trusted_dirs = v; }},
});

// The URLs in a variable. One may hold spaces of its own: the next begins with its scheme.
Texts urls_of(std::string_view text) {
  Texts urls;
  for (std::string& word : words_of(text)) {
    const auto scheme = word.substr(0, word.find(':'));
    const bool begins = scheme.size() < word.size() &&
                        std::ranges::all_of(scheme, [](char c) { return (c >= 'a' && c <= 'z') || c == '+'; });
    if (urls.empty() || begins) {
      urls.push_back(std::move(word));
    } else {
      urls.back() += " " + word;
    }
  }
  return urls;
}

Texts texts_of(const Setting& setting, std::string_view variable) {
  if (!setting.list) return {std::string(variable)};
  return setting.name == "store" ? urls_of(variable) : words_of(variable);
}

Resolved& row_of(std::vector<Resolved>& rows, std::string_view name) {
  return *std::ranges::find(rows, name, [](const Resolved& row) { return row.setting->name; });
}

}  // namespace

std::string Setting::environment_name() const {
  std::string variable = "LLMCACHE_";
  for (const char c : name) variable += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return variable;
}

std::span<const Setting> setting_table() {
  return kTable;
}

const Setting* find_setting(std::string_view name) {
  const auto row = std::ranges::find(kTable, name, &Setting::name);
  return row == kTable.end() ? nullptr : &*row;
}

std::vector<Resolved> resolve(std::span<const Layer> layers) {
  std::vector<Resolved> resolved;
  for (const Setting& setting : kTable) {
    Resolved row{&setting, {}, std::string(kDefaultOrigin)};
    if (!setting.default_text.empty()) row.texts.emplace_back(setting.default_text);
    for (const Layer& layer : layers) {
      const auto value = std::ranges::find(layer.values, &setting, &Layer::Value::setting);
      if (value == layer.values.end()) continue;
      row.texts = setting.list ? value->texts : Texts{value->texts.back()};
      row.origin = layer.origin;
      break;
    }
    resolved.push_back(std::move(row));
  }
  Resolved& prefix = row_of(resolved, "prefix");
  if (prefix.origin == kDefaultOrigin && row_of(resolved, "compat").texts.back() == "bifrost") {
    prefix.texts = {""};
    prefix.origin = "compat";
  }
  return resolved;
}

Settings apply(std::span<const Resolved> resolved) {
  Settings settings;
  for (const Resolved& row : resolved) {
    if (row.texts.empty() || row.origin == kDefaultOrigin) continue;
    try {
      row.setting->apply(settings, row.texts);
    } catch (const Failure& failure) {
      usage_error(fmt::format("{} ({}): {}", row.setting->name, row.origin, failure.what()));
    }
  }
  return settings;
}

bool is_set(std::span<const Resolved> resolved, std::string_view name) {
  return std::ranges::any_of(
      resolved, [&](const Resolved& row) { return row.setting->name == name && row.origin != kDefaultOrigin; });
}

Layer environment_layer(const std::function<void(const std::string&)>& warn) {
  Layer layer{std::string(kEnvironmentOrigin), {}};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    if (!variable.starts_with("LLMCACHE_")) continue;
    const std::string_view name = variable.substr(0, variable.find('='));
    const std::string_view text = variable.substr(std::min(name.size() + 1, variable.size()));
    if (text.empty()) continue;  // as good as unset, which not every CI system can say
    const auto row = std::ranges::find(kTable, name, &Setting::environment_name);
    if (row != kTable.end()) {
      layer.values.push_back({&*row, texts_of(*row, text)});
    } else {
      std::vector<std::string> known;
      for (const Setting& setting : kTable) known.push_back(setting.environment_name());
      const std::string near = nearest(name, known);
      warn(fmt::format("unknown environment variable {}{}", name, near.empty() ? "" : "; did you mean " + near + "?"));
    }
  }
  return layer;
}

}  // namespace llmcache
