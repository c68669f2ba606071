#include "config/bifrost_plugin.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "failure.h"

namespace llmcache {

using nlohmann::json;

namespace {

using Names = std::pair<std::string_view, std::string_view>;  // the plugin's and ours

constexpr std::array<Names, 8> kSame{{{"prefix", "prefix"},
                                      {"cache_key", "session"},
                                      {"password", "password"},
                                      {"cache_by_model", "by_model"},
                                      {"cache_by_provider", "by_provider"},
                                      {"pool_size", "pool_size"},
                                      {"min_idle_conns", "min_idle_conns"},
                                      {"max_idle_conns", "max_idle_conns"}}};
constexpr std::array<Names, 7> kDurations{{{"ttl", "ttl"},
                                           {"dial_timeout", "connect_timeout"},
                                           {"read_timeout", "read_timeout"},
                                           {"write_timeout", "write_timeout"},
                                           {"context_timeout", "timeout"},
                                           {"conn_max_lifetime", "conn_max_lifetime"},
                                           {"conn_max_idle_time", "conn_max_idle_time"}}};

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char character : text) {
    const bool plain = (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
                       (character >= 'A' && character <= 'Z');
    encoded += plain ? std::string(1, character) : fmt::format("%{:02X}", static_cast<unsigned char>(character));
  }
  return encoded;
}

std::string store_of(const json& plugin, const std::string& where) {
  if (!plugin["addr"].is_string()) usage_error(where + ": addr: expected \"host:port\"");
  std::string address = plugin["addr"];
  if (address.starts_with(':')) address.insert(0, "localhost");
  const json user = plugin.value("username", json(""));
  const json database = plugin.value("db", json(0));
  if (!user.is_string()) usage_error(where + ": username: expected a string");
  if (!database.is_number_integer() || database < 0) usage_error(where + ": db: expected a number");
  const std::string name = user.get<std::string>();
  return fmt::format("redis://{}{}{}/{}", percent_encoded(name), name.empty() ? "" : "@", address, database.dump());
}

// Go's durations are nanoseconds; what is none of ours to the millisecond is rounded up.
std::string duration_of(const json& value, const std::string& where) {
  if (!value.is_number_integer()) usage_error(where + ": expected a number of nanoseconds");
  const auto nanoseconds = value.get<std::int64_t>();
  return fmt::format("{}ms", nanoseconds / 1'000'000 + (nanoseconds % 1'000'000 > 0 ? 1 : 0));
}

// To the plugin null, an empty string and a number that is not positive all mean: not set.
bool is_unset(const json& value) {
  return value.is_null() || value == "" || (value.is_number() && value <= 0);
}

}  // namespace

bool is_plugin_config(const json& document) {
  return document.contains("addr");
}

json from_plugin_config(const json& plugin, const std::string& where) {
  json rest = plugin;
  json ours{{"store", store_of(plugin, where)}, {"compat", "bifrost"}};
  for (const auto* name : {"addr", "username", "db"}) rest.erase(name);
  for (const auto& [theirs, name] : kSame) {
    if (rest.contains(theirs) && !is_unset(rest[theirs])) ours[name] = rest[theirs];
    rest.erase(theirs);
  }
  for (const auto& [theirs, name] : kDurations) {
    if (rest.contains(theirs) && !is_unset(rest[theirs])) {
      ours[name] = duration_of(rest[theirs], fmt::format("{}: {}", where, theirs));
    }
    rest.erase(theirs);
  }
  ours.update(rest);
  return ours;
}

}  // namespace llmcache
