#include "config/environment.h"

#include <fmt/format.h>

#include <algorithm>

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace llmcache {

namespace {

constexpr std::string_view kPrefix = "LLMCACHE_";

// The URLs in a variable. A path may hold spaces: a new URL begins with a scheme.
std::vector<std::string> urls_of(std::string_view text) {
  std::vector<std::string> urls;
  for (std::string& word : split(text, ' ')) {
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

std::vector<std::string> texts_of(const Setting& setting, std::string_view text) {
  if (!setting.is_list()) return {std::string(text)};
  return setting.field.kind == ValueKind::store_urls ? urls_of(text) : split(text, ' ');
}

// Not a setting: `serve -- COMMAND` sets it for COMMAND.
constexpr std::string_view kServeUrl = "LLMCACHE_URL";

void warn_unknown(std::string_view variable, const Warn& warn) {
  std::vector<std::string> known;
  for (const Setting& setting : setting_table()) known.push_back(setting.environment_name().substr(kPrefix.size()));
  const std::string near = nearest(variable.substr(kPrefix.size()), known);
  warn(fmt::format("unknown environment variable {}{}", shortened(variable),
                   near.empty() ? "" : fmt::format("; did you mean {}{}?", kPrefix, near)));
}

}  // namespace

Layer environment_layer(const Warn& warn) {
  Layer layer{std::string(kEnvironmentOrigin), {}};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    if (!variable.starts_with(kPrefix)) continue;
    const std::string_view name = variable.substr(0, variable.find('='));
    const std::string_view text = variable.substr(std::min(name.size() + 1, variable.size()));
    if (text.empty() || name == kServeUrl) continue;
    const auto table = setting_table();
    const auto row = std::ranges::find(table, name, &Setting::environment_name);
    if (row == table.end()) {
      warn_unknown(name, warn);
    } else if (auto texts = texts_of(*row, text); !texts.empty()) {
      layer.values.push_back({&*row, std::move(texts)});
    }
  }
  return layer;
}

}  // namespace llmcache
