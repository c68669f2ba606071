#include "config/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

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
  return {&setting, {}, std::string(kDefaultOrigin)};
}

}  // namespace

std::vector<Resolved> resolve(std::span<const Layer> layers) {
  std::vector<Resolved> resolved;
  for (const Setting& setting : setting_table()) resolved.push_back(resolve(setting, layers));
  Resolved& prefix = row_of(resolved, "prefix");
  if (prefix.origin == kDefaultOrigin && std::ranges::count(row_of(resolved, "compat").texts, "bifrost") > 0) {
    prefix.texts = {libcache::KeyOptions::bifrost().prefix};
    prefix.origin = "compat";
  }
  const bool keeps_files = std::ranges::any_of(row_of(resolved, "store").texts,
                                               [](const std::string& url) { return url.starts_with("dir:"); });
  if (!keeps_files) return resolved;
  // Recordings are kept in git, where nothing should expire and no secret should be.
  for (const auto& [name, value] : {std::pair{"ttl", "never"}, {"on_secret", "refuse"}}) {
    Resolved& row = row_of(resolved, name);
    if (row.origin == kDefaultOrigin) row = {row.setting, {value}, std::string(kStoreOrigin)};
  }
  return resolved;
}

Settings apply(std::span<const Resolved> resolved) {
  Settings settings;
  for (const Resolved& row : resolved) {
    if (row.texts.empty()) continue;
    try {
      row.setting->field.apply(settings, row.texts);
    } catch (const Failure& failure) {
      usage_error(fmt::format("{} ({}): {}", row.setting->name, row.origin, failure.what()));
    }
  }
  return settings;
}

bool is_set(std::span<const Resolved> resolved, std::string_view name) {
  return std::ranges::any_of(resolved, [&](const Resolved& row) {
    return row.setting->name == name && row.origin != kDefaultOrigin && row.origin != kStoreOrigin;
  });
}

}  // namespace llmcache
