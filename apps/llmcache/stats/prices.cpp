#include "stats/prices.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "failure.h"
#include "process/file.h"

namespace llmcache {

namespace {

double price_in(const nlohmann::json& prices, const char* name, std::optional<double> missing,
                const std::string& where) {
  const auto found = prices.find(name);
  if (found == prices.end() && missing) return *missing;
  if (found == prices.end()) usage_error(fmt::format("{} has no price for \"{}\"", where, name));
  if (!found->is_number() || found->get<double>() < 0) {
    usage_error(fmt::format("{}: \"{}\" is not a price for a million tokens", where, name));
  }
  return found->get<double>();
}

}  // namespace

Prices Prices::read(const std::string& path, libcache::Deadline deadline) {
  const auto text = read_small_file(path, {.deadline = deadline});
  if (!text) usage_error(fmt::format("--prices {}: no such file", path));
  const auto file = nlohmann::json::parse(*text, nullptr, false, true);
  if (!file.is_object()) {
    usage_error(fmt::format("--prices {}: not a JSON object of models and their prices (see llmcache(1))", path));
  }
  Prices prices;
  for (const auto& [glob, entry] : file.items()) {
    const std::string where = fmt::format("--prices {}: \"{}\"", path, glob);
    if (!entry.is_object()) usage_error(where + " is not an object with prompt and completion");
    for (const auto& [name, price] : entry.items()) {
      if (name != "prompt" && name != "cached" && name != "completion") {
        usage_error(fmt::format("{}: unknown member \"{}\"; use prompt, cached and completion", where, name));
      }
    }
    Price price{.glob = glob};
    price.prompt = price_in(entry, "prompt", std::nullopt, where);
    price.cached = price_in(entry, "cached", price.prompt, where);
    price.completion = price_in(entry, "completion", std::nullopt, where);
    prices.prices_.push_back(std::move(price));
  }
  std::ranges::sort(prices.prices_, [](const Price& a, const Price& b) {
    return std::tuple(b.glob.size(), std::string_view(a.glob)) < std::tuple(a.glob.size(), std::string_view(b.glob));
  });
  return prices;
}

std::optional<double> Prices::of(std::string_view model, const libcache::Counters& counters) const {
  const std::string name(model);
  const auto price =
      std::ranges::find_if(prices_, [&](const Price& p) { return ::fnmatch(p.glob.c_str(), name.c_str(), 0) == 0; });
  if (price == prices_.end()) return std::nullopt;
  const auto millions = [](std::uint64_t tokens) { return static_cast<double>(tokens) / 1e6; };
  const std::uint64_t cached = std::min(counters.cached_tokens, counters.prompt_tokens);
  return millions(counters.prompt_tokens - cached) * price->prompt + millions(cached) * price->cached +
         millions(counters.completion_tokens) * price->completion;
}

}  // namespace llmcache
