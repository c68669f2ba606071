#include "config/bifrost_plugin.h"

#include <fmt/format.h>
#include <libcache/store_url.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "failure.h"

namespace llmcache {

namespace {

using Names = std::pair<std::string_view, std::string_view>;  // the gateway's and llmcache's

constexpr std::array<Names, 7> kSame{{{"prefix", "prefix"},
                                      {"password", "password"},
                                      {"cache_by_model", "by_model"},
                                      {"cache_by_provider", "by_provider"},
                                      {"pool_size", "pool_size"},
                                      {"min_idle_conns", "min_idle_conns"},
                                      {"max_idle_conns", "max_idle_conns"}}};
constexpr std::array<Names, 6> kDurations{{{"dial_timeout", "connect_timeout"},
                                           {"read_timeout", "read_timeout"},
                                           {"write_timeout", "write_timeout"},
                                           {"context_timeout", "timeout"},
                                           {"conn_max_lifetime", "conn_max_lifetime"},
                                           {"conn_max_idle_time", "conn_max_idle_time"}}};

std::string store_of(const nlohmann::json& config, const std::string& where) {
  std::string address = config["addr"].is_string() ? config["addr"] : nlohmann::json("@");
  if (address.find('@') != std::string::npos) usage_error(where + ": addr: expected \"host:port\"");
  if (address.starts_with(':')) address.insert(0, "localhost");
  const nlohmann::json user = config.value("username", nlohmann::json(""));
  const nlohmann::json database = config.value("db", nlohmann::json(0));
  if (!user.is_string()) usage_error(where + ": username: expected a string");
  if (!database.is_number_integer() || database.get<double>() < 0) usage_error(where + ": db: expected a number");
  auto url = libcache::StoreUrl::parse(fmt::format("redis://{}/{}", address, database.dump()));
  if (!url) usage_error(fmt::format("{}: addr: {}", where, url.error().message));
  url->user = user.get<std::string>();
  return url->redacted();  // it has no password
}

// Go's durations are whole nanoseconds. A part of a millisecond is rounded up.
std::string duration_of(const nlohmann::json& value, const std::string& where) {
  if (!value.is_number_integer()) usage_error(where + ": expected a number of nanoseconds");
  const auto nanoseconds = value.get<std::int64_t>();
  return fmt::format("{}ms", nanoseconds / 1'000'000 + (nanoseconds % 1'000'000 > 0 ? 1 : 0));
}

std::string ttl_of(const nlohmann::json& value, const std::string& where, std::string_view name) {
  const bool in_seconds = name == "ttl_seconds";
  if (!value.is_number_integer()) {
    usage_error(fmt::format("{}: {}: expected a number of {}", where, name, in_seconds ? "seconds" : "nanoseconds"));
  }
  if (value.get<double>() <= 0) return "never";
  return in_seconds ? value.dump() + "s" : duration_of(value, where);
}

// To the plugin, null, an empty string and a number that is not positive all mean that the member is not set.
bool is_unset(const nlohmann::json& value) {
  return value.is_null() || value == "" || (value.is_number() && value.get<double>() <= 0);
}

}  // namespace

bool is_gateway_config(const nlohmann::json& document) {
  return document.contains("addr") || document.contains("ttl_seconds");
}

nlohmann::json from_gateway_config(const nlohmann::json& config, const std::string& where) {
  nlohmann::json rest = config;
  nlohmann::json ours{{"compat", "bifrost"}};
  if (config.contains("addr")) ours["store"] = store_of(config, where);
  if (config.contains("ttl_seconds")) ours.update({{"by_model", false}, {"by_provider", false}});
  for (const auto& [theirs, name] : kSame) {
    if (rest.contains(theirs) && !is_unset(rest[theirs])) ours[name] = rest[theirs];
    rest.erase(theirs);
  }
  for (const auto* name : {"ttl", "ttl_seconds"}) {
    if (rest.contains(name) && !rest[name].is_null()) ours["ttl"] = ttl_of(rest[name], where, name);
  }
  for (const auto& [theirs, name] : kDurations) {
    if (rest.contains(theirs) && !is_unset(rest[theirs])) {
      ours[name] = duration_of(rest[theirs], fmt::format("{}: {}", where, theirs));
    }
    rest.erase(theirs);
  }
  // cache_key is the name under which the gateway's code finds a session, not a session.
  for (const auto* name : {"addr", "username", "db", "ttl", "ttl_seconds", "cache_key"}) rest.erase(name);
  ours.update(rest);
  return ours;
}

std::vector<std::string> gateway_cautions(const Settings& settings) {
  std::vector<std::string> cautions;
  const libcache::KeyOptions& key = settings.cache.key;
  if (key.scheme != libcache::KeyScheme::bifrost) return cautions;
  for (const auto& [name, text] : {std::pair("prefix", key.prefix), {"session", key.session}}) {
    if (text.find_first_of("*?[]\\") == std::string::npos) continue;
    cautions.push_back(
        fmt::format("the {} contains one of *?[]\\, which the gateway's plugin takes for a pattern: it may "
                    "read or clear other entries, or find none; llmcache takes it literally",
                    name));
  }
  return cautions;
}

}  // namespace llmcache
