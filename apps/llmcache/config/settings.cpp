#include "config/settings.h"

#include <fmt/format.h>

#include <algorithm>

namespace llmcache {

namespace {

Resolved& row_of(std::vector<Resolved>& rows, std::string_view name) {
  return *std::ranges::find(rows, name, [](const Resolved& row) { return row.setting->name; });
}

Resolved resolve(const Setting& setting, std::span<const Layer> layers) {
  for (const Layer& layer : layers) {
    const auto value = std::ranges::find(layer.values, &setting, &Layer::Value::setting);
    if (value == layer.values.end()) continue;
    return {&setting, setting.is_list() ? value->texts : std::vector{value->texts.back()}, layer.origin};
  }
  return {&setting, setting.default_texts(), std::string(kDefaultOrigin)};
}

}  // namespace

std::vector<Resolved> resolve(std::span<const Layer> layers) {
  std::vector<Resolved> resolved;
  for (const Setting& setting : setting_table()) resolved.push_back(resolve(setting, layers));
  Resolved& prefix = row_of(resolved, "prefix");
  if (prefix.origin == kDefaultOrigin && row_of(resolved, "compat").texts.back() == "bifrost") {
    prefix.texts = {libcache::KeyOptions::bifrost().prefix};
    prefix.origin = "compat";
  }
  // Recordings are kept in git, where nothing should expire.
  Resolved& ttl = row_of(resolved, "ttl");
  const bool keeps_files = std::ranges::any_of(row_of(resolved, "store").texts,
                                               [](const std::string& url) { return url.starts_with("dir:"); });
  if (ttl.origin == kDefaultOrigin && keeps_files) {
    ttl.texts = {"never"};
    ttl.origin = "store";
  }
  return resolved;
}

Settings apply(std::span<const Resolved> resolved) {
  Settings settings;
  for (const Resolved& row : resolved) {
    if (row.texts.empty() || row.origin == kDefaultOrigin) continue;
    try {
      row.setting->field.apply(settings, row.texts);
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

}  // namespace llmcache
